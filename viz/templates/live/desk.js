// The desk beside the map: lists of which one is open, each with the number of things in it that want doing.

const PANELS = new Map();
const SPRING_MS = 500;

/** A list of the desk. `build(root)` is called once, `show()` while it is open, `count()` says how many want doing. */
function registerPanel(name, panel) { PANELS.set(name, panel); }

function buildDesk() {
  for (const [name, panel] of PANELS) {
    const root = make("section", { id: panel.id ?? name, className: "list-panel", role: "tabpanel", hidden: true, "aria-label": panel.title });
    $("desk").append(root);
    panel.build(root);
    const tab = make("button", { role: "tab", id: `list-${name}`, "aria-controls": root.id }, panel.title, make("span", { className: "count" }));
    tab.onclick = () => openPanel(name);
    let spring;  // an order held over a tab opens it
    tab.addEventListener("dragenter", () => { spring = setTimeout(() => openPanel(name), SPRING_MS); });
    for (const end of ["dragleave", "drop"]) tab.addEventListener(end, () => clearTimeout(spring));
    $("desk-tabs").append(tab);
  }
  const names = [...PANELS.keys()];
  $("desk-tabs").addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], at = names.indexOf(view.panel);
    if (step) { openPanel(names[(at + step + names.length) % names.length]); $(`list-${view.panel}`).focus(); }
  });
  openPanel(names[0]);
}

function openPanel(name) {
  view.panel = name;
  for (const tab of $("desk-tabs").children) {
    const open = tab.id === `list-${name}`;
    tab.setAttribute("aria-selected", String(open));
    tab.tabIndex = open ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !open;
  }
  PANELS.get(name).show();
}

function showDesk() {
  PANELS.get(view.panel).show();
  for (const [name, panel] of PANELS) {
    const count = panel.count?.() ?? 0, badge = $(`list-${name}`).querySelector(".count");
    badge.textContent = count || "";
    badge.hidden = !count;
  }
}

registerPanel("vehicles", {
  title: "Vehicles", id: "table",
  build(root) { view.table = vehicleTable(root); },
  show() { view.table.fill(view.parts.vehicles.map((_, i) => i)); },
});
