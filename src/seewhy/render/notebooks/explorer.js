// The photo under its map; the classes at the spot where one points, and the map of one of them.
const STEP = 0.02;

const made = (tag, parent, words) => {
  const element = document.createElement(tag);
  if (words !== undefined) element.textContent = words;
  if (parent) parent.append(element);
  return element;
};

const address = bytes => URL.createObjectURL(new Blob([bytes], {type: "image/jpeg"}));

function render({model, el}) {
  const box = made("div", el), stage = made("div", box), side = made("div", box);
  box.className = "seewhy-explorer";
  stage.className = "stage";
  side.className = "side";
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label",
    "photo: point at a spot, or move it with the arrow keys, to see the classes there");
  const photo = made("img", stage), map = made("img", stage), spot = made("div", stage);
  photo.alt = "the photo";
  map.alt = "the photo under its map";
  map.className = "map";
  spot.className = "spot";
  spot.hidden = true;
  photo.src = address(model.get("photo"));

  const head = made("p", side), list = made("ol", side), note = made("p", side);
  note.setAttribute("role", "status");
  const own = made("button", made("li", made("ol", side)), `map of ${model.get("title")}`);
  const label = made("label", side), bare = made("input", label);
  bare.type = "checkbox";
  bare.checked = true;
  label.append(" map");
  bare.addEventListener("change", () => box.classList.toggle("bare", !bare.checked));

  let waiting = null, pinned = false;
  const point = (x, y) => {
    const inside = [x, y].map(value => Math.min(Math.max(value, 0), 1));
    spot.hidden = false;
    spot.style.left = `${100 * inside[0]}%`;
    spot.style.top = `${100 * inside[1]}%`;
    // the last of many movements is asked
    clearTimeout(waiting);
    waiting = setTimeout(() => { model.set("point", inside); model.save_changes(); }, 60);
  };
  const placeOf = event => {
    const edges = stage.getBoundingClientRect();
    return [(event.clientX - edges.left) / edges.width, (event.clientY - edges.top) / edges.height];
  };
  stage.addEventListener("pointermove", event => { if (!pinned) point(...placeOf(event)); });
  stage.addEventListener("click", event => { pinned = !pinned; point(...placeOf(event)); });
  const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  stage.addEventListener("keydown", event => {
    const way = WAYS[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = spot.hidden ? [0.5, 0.5]
      : [parseFloat(spot.style.left) / 100, parseFloat(spot.style.top) / 100];
    pinned = true;
    point(x + STEP * way[0], y + STEP * way[1]);
  });

  const choose = index => { model.set("chosen", index); model.save_changes(); };
  own.addEventListener("click", () => choose(-1));
  const listed = () => {
    const classes = model.get("classes"), most = Math.max(...classes.map(each => each.value), 0);
    head.textContent = classes.length ? "Classes seen there (click keeps the spot):"
      : "Point at the photo to see the classes there.";
    list.replaceChildren(...classes.map(each => {
      const line = made("li"), button = made("button", line, each.name);
      button.type = "button";
      button.setAttribute("aria-pressed", String(each.index === model.get("chosen")));
      button.addEventListener("click", () => choose(each.index));
      const bar = made("span", button);
      bar.className = "value";
      bar.style.width = `${most > 0 ? Math.max(0, 100 * each.value / most) : 0}%`;
      return line;
    }));
    own.setAttribute("aria-pressed", String(model.get("chosen") < 0));
  };
  const drawn = () => {
    if (map.src) URL.revokeObjectURL(map.src);
    map.src = address(model.get("overlay"));
  };
  const told = () => { note.textContent = model.get("note"); };
  const changes = {"change:classes": listed, "change:chosen": listed, "change:overlay": drawn,
    "change:note": told};
  for (const [name, work] of Object.entries(changes)) model.on(name, work);
  listed();
  drawn();
  told();
  return () => {
    for (const [name, work] of Object.entries(changes)) model.off(name, work);
    for (const picture of [photo, map]) URL.revokeObjectURL(picture.src);
  };
}

export default {render};
