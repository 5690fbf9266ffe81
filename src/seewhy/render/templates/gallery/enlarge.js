// The map as the look "clear" draws it: enlarged by cubic curves that exceed no cell (Fritsch and
// Butland 1984), as SciPy's PchipInterpolator does; opacity follows the heat.
const slopesOf = values => {
  const count = values.length, steps = [], slopes = new Float64Array(count);
  for (let k = 0; k + 1 < count; k++) steps.push(values[k + 1] - values[k]);
  if (count === 2) return slopes.fill(steps[0]);
  for (let k = 1; k + 1 < count; k++) {
    const [a, b] = [steps[k - 1], steps[k]];
    slopes[k] = a * b > 0 ? 2 / (1 / a + 1 / b) : 0;
  }
  const atEnd = (a, b) => {
    const slope = (3 * a - b) / 2;
    if (Math.sign(slope) !== Math.sign(a)) return 0;
    return Math.sign(a) !== Math.sign(b) && Math.abs(slope) > 3 * Math.abs(a) ? 3 * a : slope;
  };
  slopes[0] = atEnd(steps[0], steps[1]);
  slopes[count - 1] = atEnd(steps[count - 2], steps[count - 3]);
  return slopes;
};

// Values between the centres of cells, at places in cells.
const enlargeLine = (values, at) => {
  if (values.length === 1) return at.map(() => values[0]);
  const slopes = slopesOf(values);
  return at.map(place => {
    const k = Math.min(Math.floor(place), values.length - 2), t = place - k;
    const a = values[k], b = values[k + 1], rest = 1 - t;
    return a * (1 + 2 * t) * rest * rest + slopes[k] * t * rest * rest
      + b * t * t * (3 - 2 * t) - slopes[k + 1] * t * t * rest;
  });
};

const placesIn = (pixels, cells, from, to) =>
  Array.from({length: pixels}, (_, k) =>
    Math.min(Math.max(((k + 0.5) / pixels - from) * cells / (to - from) - 0.5, 0), cells - 1));

// What a map is on a picture: heat in 0..1, row by row, and -1 where the network saw nothing.
const heatOn = (map, height, width) => {
  const [rows, cols] = map.grid;
  const bytes = Uint8Array.from(atob(map.map), letter => letter.charCodeAt(0));
  const units = new DataView(bytes.buffer);
  let cells = Array.from({length: rows * cols}, (_, k) => Math.max(units.getInt16(2 * k, true), 0));
  const most = cells.reduce((a, b) => Math.max(a, b), 0), full = map.full || most;
  cells = cells.map(value => full > 0 ? Math.min(value / full, 1) : 0);
  const [low, high] = [Math.min(...cells), Math.max(...cells)];
  const down = placesIn(height, rows, map.outer[0], map.outer[1]);
  const across = placesIn(width, cols, map.outer[2], map.outer[3]);
  const tall = Array.from({length: cols}, (_, c) =>
    enlargeLine(Array.from({length: rows}, (_, r) => cells[r * cols + c]), down));
  const heat = new Float32Array(height * width), slack = 1e-5;
  for (let y = 0; y < height; y++) {
    const line = enlargeLine(tall.map(column => column[y]), across), v = (y + 0.5) / height;
    const inRows = v >= map.seen[0] - slack && v <= map.seen[1] + slack;
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / width;
      const seen = inRows && u >= map.seen[2] - slack && u <= map.seen[3] + slack;
      heat[y * width + x] = seen ? Math.min(Math.max(line[x], low), high) : -1;
    }
  }
  return {heat, most};
};

// Colours of heat with their opacity, to lie over a photo.
const paintHeat = (canvas, heat, colours, alpha) => {
  const {width, height} = canvas, brush = canvas.getContext("2d");
  const pixels = brush.createImageData(width, height), data = pixels.data;
  const period = Math.max(6, Math.floor(Math.min(height, width) / 25));
  const stripe = Math.max(1, Math.floor(period / 6));
  for (let k = 0; k < heat.length; k++) {
    if (heat[k] < 0) { // as where pictures of seewhy are dim and hatched
      const hatch = (Math.floor(k / width) + k % width) % period < stripe;
      data.set(hatch ? [170, 170, 170, 255] : [67, 67, 67, 153], 4 * k);
      continue;
    }
    const at = 3 * Math.floor(255 * heat[k]);
    data[4 * k] = colours[at];
    data[4 * k + 1] = colours[at + 1];
    data[4 * k + 2] = colours[at + 2];
    data[4 * k + 3] = Math.round(255 * alpha * Math.min(1.5 * heat[k], 1));
  }
  brush.putImageData(pixels, 0, 0);
};
