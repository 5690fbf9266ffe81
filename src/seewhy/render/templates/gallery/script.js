const data = JSON.parse(document.getElementById("data").textContent), columns = data.columns;
const total = columns.id.length, at = name => document.getElementById(name);
const form = at("form"), grid = at("grid"), large = at("large"), stage = at("stage");
const colours = Uint8Array.from(data.colours.match(/../g), pair => parseInt(pair, 16));
const make = (kind, words, name) => {
  const element = document.createElement(kind);
  if (words !== undefined) element.textContent = words; // texts from outside are never markup
  if (name) element.className = name;
  return element;
};
const nameOf = index => index < 0 ? "" : data.names[index];
const percent = (value, whole) =>
  value < 0 ? "–" : `${(100 * value / whole).toFixed(value > 0 && value < whole / 10 ? 1 : 0)} %`;
const pictureOf = row => {
  const name = columns.picture[row];
  return name ? `${data.pictures}/${name}.jpe` : "";
};

// What is chosen in the form, kept in the page's address, so that a link or a reload has it again.
const fillSelect = (name, column) => {
  const counts = new Map();
  for (const index of columns[column]) {
    if (index >= 0) counts.set(index, (counts.get(index) || 0) + 1);
  }
  const texts = column === "question" ? data.questions : data.names;
  [...counts].map(([index, count]) => [texts[index], index, count])
    .sort((a, b) => a[0].localeCompare(b[0]))
    .forEach(([text, index, count]) => form.elements[name].add(new Option(`${text} (${count})`, index)));
};
["label", "predicted", "question"].forEach(name => fillSelect(name, name));
data.warnings.forEach((code, bit) => {
  const count = columns.warnings.filter(bits => bits >> bit & 1).length;
  form.elements.warning.add(new Option(`${code} (${count})`, bit));
});
document.querySelectorAll("[data-several]").forEach(element => {
  element.hidden = data[element.dataset.several].length < 2;
});
const restore = () => {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (form.elements[name]) form.elements[name].value = value;
  }
};
const remember = () => {
  const said = [...new FormData(form)].filter(([, value]) => value);
  try {
    history.replaceState(null, "", said.length ? `#${new URLSearchParams(said)}` : location.pathname);
  } catch { /* where pages have no address of their own */ }
};

const range = (name, whole) => {
  const [low, high] = ["from", "to"].map(end => form.elements[`${name}-${end}`].value);
  if (low === "" && high === "") return () => true;
  const least = low === "" ? 0 : low / 100 * whole, most = high === "" ? whole : high / 100 * whole;
  const slack = 1e-9 * whole, column = columns[name];
  return row => column[row] >= 0 && column[row] >= least - slack && column[row] <= most + slack;
};
const filters = () => {
  const value = name => form.elements[name].value, tests = [];
  for (const name of ["label", "predicted", "right", "question"]) {
    if (value(name) !== "") {
      const wanted = Number(value(name));
      tests.push(row => columns[name][row] === wanted);
    }
  }
  const warning = value("warning"), photos = value("photos"), text = value("text").toLowerCase();
  if (warning === "none") tests.push(row => columns.warnings[row] === 0);
  else if (warning === "any") tests.push(row => columns.warnings[row] !== 0);
  else if (warning !== "") tests.push(row => columns.warnings[row] >> Number(warning) & 1);
  if (photos === "there") tests.push(row => !(row in data.problems));
  if (photos === "gone") tests.push(row => row in data.problems);
  if (text) tests.push(row => columns.id[row].toLowerCase().includes(text));
  tests.push(range("confidence", data.whole));
  tests.push(range("positive", data.shares), range("border", data.shares));
  return row => tests.every(test => test(row));
};
const sorted = rows => {
  const by = form.elements.sort.value, down = form.elements.order.value ? -1 : 1;
  if (!by) return down < 0 ? rows.reverse() : rows;
  const values = columns[by], named = by === "label" || by === "predicted";
  const key = by === "id" ? row => values[row] : named ? row => nameOf(values[row]) : row => values[row];
  const missing = row => by !== "id" && values[row] < 0;
  const words = new Intl.Collator(undefined, {numeric: true});
  const order = by === "id" || named ? (a, b) => words.compare(a, b) : (a, b) => a - b;
  // rows without a value stay last, whatever the order
  return rows.sort((a, b) => missing(a) - missing(b) || down * order(key(a), key(b)) || a - b);
};

// The cards: only those in the window are in the page.
let chosen = [], active = 0, cards = new Map(), measures = {};
const GAP = 10, TEXT = 78;
const measure = () => {
  const width = grid.clientWidth, count = Math.max(2, Math.floor((width + GAP) / (180 + GAP)));
  const side = Math.floor((width - GAP * (count - 1)) / count);
  measures = {count, side, high: side + TEXT + GAP};
  grid.style.height = `${Math.ceil(chosen.length / count) * measures.high}px`;
};
const several = data.questions.length > 1;
const card = place => {
  const row = chosen[place], problem = data.problems[row];
  const holder = make("div", undefined, "place"), button = make("button", undefined, "card");
  holder.setAttribute("role", "listitem");
  holder.setAttribute("aria-setsize", chosen.length);
  holder.setAttribute("aria-posinset", place + 1);
  const frame = make("div", undefined, "picture"), address = pictureOf(row);
  frame.style.height = `${measures.side}px`;
  if (address) {
    const image = make("img");
    image.loading = "lazy";
    image.alt = columns.id[row];
    image.onerror = () => frame.replaceChildren(make("span", "the picture is gone"));
    image.src = address;
    frame.append(image);
  } else frame.append(make("span", problem || "no picture"));
  const right = columns.right[row], predicted = nameOf(columns.predicted[row]);
  const mark = right === 1 ? "✓ " : right === 0 ? "✗ " : "";
  const decided = make("span", mark + (predicted || (columns.target[row] < 0 ? "not explained" : nameOf(columns.target[row]))),
    right === 1 ? "right" : right === 0 ? "wrong" : "");
  const label = nameOf(columns.label[row]);
  const second = [columns.confidence[row] < 0 ? "" : percent(columns.confidence[row], data.whole),
    columns.warnings[row] ? "⚠" : "", several ? `asked: ${data.questions[columns.question[row]]}` : "", label && right !== 1 ? `true: ${label}` : ""];
  button.type = "button";
  button.append(frame, decided, make("span", second.filter(Boolean).join(" ") || " "),
    make("span", columns.id[row], "faint"));
  button.setAttribute("aria-label", [columns.id[row], predicted, right === 0 ? `wrong, true: ${label}` :
    right === 1 ? "right" : label && `true: ${label}`, percent(columns.confidence[row], data.whole)].filter(Boolean).join(", "));
  button.addEventListener("click", () => open(place));
  button.addEventListener("focus", () => { active = place; });
  holder.append(button);
  return holder;
};
const draw = () => {
  const {count, side, high} = measures, top = -grid.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(top / high) - 1) * count;
  const last = Math.min(chosen.length, (Math.floor((top + innerHeight) / high) + 2) * count);
  for (const [place, holder] of cards) {
    if (place < first || place >= last) { holder.remove(); cards.delete(place); }
  }
  const reach = active >= first && active < last ? active : first;
  for (let place = last - 1; place >= first; place--) {
    if (!cards.has(place)) {
      const holder = card(place), after = cards.get(place + 1);
      holder.style.cssText = `width:${side}px;height:${high - GAP}px;left:${place % count * (side + GAP)}px;`
        + `top:${Math.floor(place / count) * high}px`;
      cards.set(place, holder);
      grid.insertBefore(holder, after || null);
    }
    cards.get(place).firstChild.tabIndex = place === reach ? 0 : -1;
  }
};
const redraw = () => { cards.forEach(holder => holder.remove()); cards.clear(); measure(); draw(); };
const choose = () => {
  chosen = sorted(Array.from({length: total}, (_, row) => row).filter(filters()));
  active = 0;
  const gone = chosen.filter(row => row in data.problems).length;
  const what = several ? "photos and questions" : "photos";
  at("count").textContent = (chosen.length === total ? `${total} ${what}` : chosen.length
    ? `${chosen.length} of ${total} ${what}` : `none of ${total} ${what} fits: “Show all” takes back what was chosen`)
    + (gone ? `; ${gone} of them cannot be shown` : "");
  redraw();
  remember();
};
const focusOn = place => {
  active = place;
  const {count, high} = measures, top = grid.getBoundingClientRect().top + Math.floor(place / count) * high;
  if (top < 0 || top + high > innerHeight) scrollBy(0, top < 0 ? top - GAP : top + high - innerHeight);
  draw();
  cards.get(place).firstChild.focus({preventScroll: true});
};
grid.addEventListener("keydown", event => {
  const {count, high} = measures, page = Math.max(1, Math.floor(innerHeight / high)) * count;
  const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -count, ArrowDown: count, PageUp: -page, PageDown: page};
  let place = active + steps[event.key];
  if (event.key === "Home") place = 0;
  else if (event.key === "End") place = chosen.length - 1;
  else if (!(event.key in steps)) return;
  event.preventDefault();
  if (Math.abs(steps[event.key] || 0) > count) place = Math.min(Math.max(place, 0), chosen.length - 1);
  if (place >= 0 && place < chosen.length) focusOn(place);
});
let asked = 0;
const soon = what => { cancelAnimationFrame(asked); asked = requestAnimationFrame(what); };
addEventListener("scroll", () => soon(draw), {passive: true});
addEventListener("resize", () => soon(() => { redraw(); if (large.open) open(current); }));
form.addEventListener("input", choose);
form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("reset", () => setTimeout(choose));

// Maps come in scripts of many rows, since a page that is a file may read no other data.
const arrived = new Map();
let given = null;
window.seewhyMaps = rows => { given = rows; };
const rowsOf = chunk => {
  if (!arrived.has(chunk)) {
    arrived.set(chunk, new Promise((done, failed) => {
      const script = make("script"), lost = () => { script.remove(); arrived.delete(chunk); failed(); };
      script.onload = () => { // right behind the script itself
        const rows = given;
        given = null;
        if (!rows) return lost();
        script.remove();
        done(rows);
      };
      script.onerror = lost;
      script.src = `maps/${data.maps[chunk]}.js`;
      document.head.append(script);
    }));
  }
  return arrived.get(chunk);
};
const mapOf = async row => (await rowsOf(Math.floor(row / data.rows)))[row % data.rows];

// One photo, large.
const facts = (row, more) => {
  const list = [], add = (name, value) => { if (value) list.push([name, value]); };
  const right = columns.right[row], shown = (name, whole) => columns[name][row] < 0 ? "" : percent(columns[name][row], whole);
  add("predicted", nameOf(columns.predicted[row]) && `${nameOf(columns.predicted[row])}, ${percent(columns.confidence[row], data.whole)}`
    + (right === 1 ? " (right)" : right === 0 ? " (wrong)" : ""));
  add("true class", nameOf(columns.label[row]));
  if (several) add("question", data.questions[columns.question[row]]);
  add("the map speaks of", nameOf(columns.target[row]));
  if (more && more.score !== null) add("its score", String(more.score));
  if (more) add("top classes", more.top.map(([name, share]) => `${name} ${percent(share, 1)}`).join(", "));
  add("positive evidence", shown("positive", data.shares) && `${shown("positive", data.shares)} of all`);
  add("on the border", shown("border", data.shares));
  add("warnings", data.warnings.filter((_, bit) => columns.warnings[row] >> bit & 1).join(", "));
  if (columns.width[row]) add("size", `${columns.width[row]} × ${columns.height[row]} pixels`);
  const elements = list.flatMap(([name, value]) => [make("dt", name), make("dd", value)]);
  if (more) {
    const where = make("dd"), link = make(more.href ? "a" : "span", more.source);
    if (more.href) link.href = more.href;
    where.append(link);
    elements.push(make("dt", "file"), where);
  }
  at("facts").replaceChildren(...elements);
};
const lay = (row, more) => {
  const canvas = make("canvas"), image = stage.querySelector("img");
  const ratio = (columns.width[row] || 1) / (columns.height[row] || 1), side = 512;
  canvas.width = Math.max(1, Math.round(ratio >= 1 ? side : side * ratio));
  canvas.height = Math.max(1, Math.round(ratio >= 1 ? side / ratio : side));
  if (image && image.naturalWidth) [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const {heat, most} = heatOn(more, canvas.height, canvas.width);
  paintHeat(canvas, heat, colours, data.alpha);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "the map over the photo");
  stage.append(canvas);
  at("about-map").textContent = most > 0 ? more.fine
    ? `Of ${more.fine.join(" × ")} cells of the map, the means in ${more.grid.join(" × ")} are shown.` : ""
    : "There is no positive evidence in this map.";
  adjust();
};
const adjust = () => {
  const canvas = stage.querySelector("canvas");
  if (!canvas) return;
  canvas.hidden = !at("shown").checked;
  canvas.style.opacity = at("strength").value / 100;
};
let turn = 0, current = 0;
const open = async place => {
  const row = chosen[place], own = ++turn, address = pictureOf(row);
  current = place;
  if (!large.open) large.showModal();
  at("name").textContent = columns.id[row];
  at("problem").textContent = data.problems[row] || "";
  at("about-map").textContent = "";
  // a disabled button would lose the focus, and with it the keys
  at("before").setAttribute("aria-disabled", place === 0);
  at("next").setAttribute("aria-disabled", place === chosen.length - 1);
  const room = large.clientWidth - 32, ratio = (columns.width[row] || 4) / (columns.height[row] || 3);
  const width = Math.min(room, Math.max(160, (innerHeight - 300) * ratio), Math.max(innerHeight * .8 * ratio, 1));
  stage.hidden = !columns.width[row];
  stage.style.cssText = `width:${width}px;height:${width / ratio}px`;
  stage.replaceChildren();
  document.querySelector(".legend").hidden = !columns.width[row];
  facts(row, null);
  large.scrollTop = 0;
  const loaded = address && new Promise(done => {
    const image = make("img");
    image.alt = columns.id[row];
    image.onload = done;
    image.onerror = () => { image.remove(); at("problem").textContent = "the picture is gone"; done(); };
    image.src = address;
    stage.append(image);
  });
  const more = await mapOf(row).catch(() => null);
  await loaded;
  if (own !== turn) return; // another photo is opened meanwhile
  facts(row, more);
  if (more && more.map) lay(row, more);
  else if (columns.width[row]) at("about-map").textContent = more
    ? "This map has values that are not finite, and no picture." : "The file with this map is gone.";
  large.dataset.ready = place;
};
const beside = step => {
  const place = current + step;
  if (place >= 0 && place < chosen.length) open(place);
};
large.addEventListener("keydown", event => {
  const typing = event.target.type === "range";
  if (event.key === "ArrowLeft" && !typing) beside(-1);
  else if (event.key === "ArrowRight" && !typing) beside(1);
  else if (event.key === "m") { at("shown").checked = !at("shown").checked; adjust(); }
  else return;
  event.preventDefault();
});
// the browser has given the focus to the card that was opened first
large.addEventListener("close", () => { turn++; stage.replaceChildren(); focusOn(current); });
large.addEventListener("click", event => { if (event.target === large) large.close(); });
at("before").addEventListener("click", () => beside(-1));
at("next").addEventListener("click", () => beside(1));
at("close").addEventListener("click", () => large.close());
at("shown").addEventListener("change", adjust);
at("strength").addEventListener("input", adjust);
paintHeat(at("bar"), Float32Array.from({length: 256 * 16}, (_, k) => k % 256 / 255), colours, data.alpha);

at("choices").open = innerWidth > 700;
restore();
choose();
