// The legend: every layer with a switch, every state with its shape.

/** A layer as it looks on the map, in small. */
function swatch(name) {
  const carrier = view.parts.coverage?.carriers.indexOf(name.replace(/^dead /, "")) ?? -1, look = make("i", { className: `swatch ${carrier < 0 ? name : "dead"}`, ariaHidden: "true" });
  if (name.startsWith("dead ")) {
    const [hatch, colour] = LOOKS.dead_zones[carrier % LOOKS.dead_zones.length];
    look.dataset.hatch = hatch;
    look.style.setProperty("--hatch", colour);
  }
  return look;
}

function layerSwitch(name, text) {
  const box = make("input", { type: "checkbox", checked: view.map.on(name) });
  box.dataset.layer = name;
  box.onchange = () => view.map.switchLayer(name, box.checked);
  return make("label", { className: "layer" }, box, swatch(name), make("span", { textContent: text }));
}

function legend() {
  const states = (title, looks) => [make("h3", { textContent: title }), ...Object.values(looks).map(look => mark(look))];
  const layers = view.map.layerNames().map(([name, text]) => layerSwitch(name, LOOKS.layers[name]?.truth ? `${text} (truth)` : text));
  $("legend-body").replaceChildren(make("div", { className: "layers" }, make("h3", { textContent: "Layers" }), ...layers),
    make("div", { className: "states" }, ...states("Vehicles", LOOKS.vehicles), make("p", { className: "quiet", textContent: "The paler, the longer not heard of. A dotted ring: how far it may have got." })),
    make("div", { className: "states" }, ...states("Orders", LOOKS.orders)));
}
