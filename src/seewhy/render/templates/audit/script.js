"use strict";
const form = document.getElementById("form");
const items = [...document.querySelectorAll("details.item")];
const allPoints = JSON.parse(document.getElementById("points").textContent);

// Filters. The address keeps what is chosen.
const filter = () => {
  const chosen = new FormData(form), text = chosen.get("text").trim().toLowerCase();
  let shown = 0;
  for (const item of items) {
    const fits = (!chosen.get("verdict") || item.dataset.verdict === chosen.get("verdict"))
      && (!chosen.get("class") || item.dataset.class === chosen.get("class"))
      && (!text || item.textContent.toLowerCase().includes(text));
    item.hidden = !fits;
    shown += fits;
  }
  document.getElementById("count").textContent =
    `${shown} of ${items.length} findings and classes are shown`;
  for (const photo of document.querySelectorAll(".photo"))
    photo.classList.toggle("bare", !form.elements.maps.checked);
};
form.addEventListener("input", filter);
form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
const openAll = open => items.forEach(item => { if (!item.hidden) item.open = open; });
document.getElementById("open").addEventListener("click", () => openAll(true));
document.getElementById("shut").addEventListener("click", () => openAll(false));
document.addEventListener("click", event => {
  const photo = event.target.closest(".photo");
  if (photo) photo.classList.toggle("bare");
});
document.addEventListener("keydown", event => {
  const typing = event.target.matches("input[type=search],select");
  if (event.key !== "m" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  form.elements.maps.checked = !form.elements.maps.checked;
  filter();
});

// Scatters, drawn when their finding is opened.
const SVG = "http://www.w3.org/2000/svg";
const element = (tag, text, parent) => {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (parent) parent.append(made);
  return made;
};
const VIEWS = {maps: "by maps", features: "by what the layer saw there"};

const scatter = box => {
  const data = allPoints[box.dataset.of], inside = new Set(JSON.parse(box.dataset.inside));
  const svg = box.querySelector("svg"), pane = box.querySelector(".seen");
  const names = Object.keys(data.views);
  if (!names.length) {
    box.replaceChildren(element("p", "None of its photos is there any more."));
    return;
  }
  let view = names[0], at = -1;
  const circles = data.points.map((point, k) => {
    const circle = document.createElementNS(SVG, "circle");
    circle.setAttribute("r", 14);
    circle.classList.toggle("own", inside.has(k));
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${point.name}: ${point.about}`;
    circle.append(title);
    return circle;
  });
  // those of the finding are drawn last, over the others
  const order = circles.map((_, k) => k).sort((a, b) => inside.has(a) - inside.has(b));
  svg.append(...order.map(k => circles[k]));
  const place = () => circles.forEach((circle, k) => {
    circle.setAttribute("cx", data.views[view][k][0]);
    circle.setAttribute("cy", data.views[view][k][1]);
  });
  const show = k => {
    if (at >= 0) circles[at].classList.remove("at");
    at = k;
    circles[k].classList.add("at");
    const point = data.points[k];
    const two = element("div");
    two.className = "two";
    for (const [kind, words] of [["plain", ""], ["overlay", " under its map"]]) {
      const picture = element("img", "", two);
      picture.src = point[kind];
      picture.alt = point.name + words;
    }
    const name = element("p", point.name);
    name.className = "name";
    pane.replaceChildren(two, name, element("p", point.about),
      element("p", inside.has(k) ? "belongs to this finding" : "does not belong to this finding"));
  };
  if (names.length > 1) {
    const line = box.querySelector(".views"), group = `view-${Math.random()}`;
    for (const name of names) {
      const label = element("label", "", line), radio = element("input", "", label);
      Object.assign(radio, {type: "radio", name: group, checked: name === view});
      label.append(` ${VIEWS[name] || name} `);
      radio.addEventListener("change", () => { view = name; place(); });
    }
  }
  // the nearest point, so that fingers meet it
  svg.addEventListener("click", event => {
    const from = new DOMPoint(event.clientX, event.clientY);
    const {x, y} = from.matrixTransform(svg.getScreenCTM().inverse());
    const far = data.views[view].map(([u, v]) => Math.hypot(u - x, v - y));
    const k = far.indexOf(Math.min(...far));
    if (far[k] < 80) show(k);
  });
  const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  svg.addEventListener("keydown", event => {
    const way = WAYS[event.key];
    if (!way) return;
    event.preventDefault();
    if (at < 0) return show(inside.size ? Math.min(...inside) : 0);
    const [x, y] = data.views[view][at];
    let best = -1, least = Infinity;
    data.views[view].forEach(([u, v], k) => {
      const along = (u - x) * way[0] + (v - y) * way[1];
      const across = Math.abs((u - x) * way[1]) + Math.abs((v - y) * way[0]);
      const cost = along + 2 * across;
      if (k !== at && along > 0 && cost < least) [best, least] = [k, cost];
    });
    if (best >= 0) show(best);
  });
  place();
};
const draw = item => {
  const box = item.querySelector(".scatter");
  if (item.open && box && !box.dataset.drawn) {
    box.dataset.drawn = "yes";
    scatter(box);
  }
};
items.forEach(item => item.addEventListener("toggle", () => draw(item)));

// An address may name a finding.
const openNamed = () => {
  const item = location.hash && document.getElementById(location.hash.slice(1));
  if (item && item.matches("details")) {
    item.open = true;
    item.scrollIntoView();
  }
};
addEventListener("hashchange", openNamed);
filter();
openNamed();
