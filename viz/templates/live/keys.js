// The keys and buttons of the whole page.

const ZOOM = 1.6;

const clockKey = action => () => { if (ownsClock()) act(action()); else toast({ ok: false, text: `${NOT_YOURS}.` }); };
const zoomKey = factor => () => { if (view.map.onScreen) view.map.zoom(factor); };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const OWN_ARROWS = "input, [role=tablist], [role=listbox], .route";  // what does something else with arrow keys
const casesOpen = () => view.page === "operations" && view.panel === "exceptions";
const inQueue = todo => () => { if (casesOpen()) todo(); };

const DO = {
  " ": clockKey(() => ({ do: view.parts.clock.playing ? "pause" : "play" })), ".": clockKey(() => ({ do: "step" })),
  ">": clockKey(() => ({ do: "faster" })), "<": clockKey(() => ({ do: "slower" })),
  "+": zoomKey(1 / ZOOM), "=": zoomKey(1 / ZOOM), "-": zoomKey(ZOOM),
  g: askMoment, b: toggleTruth, f: toggleFollow, "/": () => { openPage("operations"); $("search").focus(); }, "0": fitAll,
  o: () => openOrderForm(), Escape: selectNothing, "?": () => $("keys").showModal(),
  j: inQueue(() => moveCase(1)), k: inQueue(() => moveCase(-1)), a: inQueue(() => deal("acknowledge")), r: inQueue(() => deal("resolve")),
  n: inQueue(() => deal("note")), t: inQueue(() => deal("assign_exception")),
};

function selectNothing() {
  if ($("detail").querySelector(".order-form")) closeOrderForm();
  choose(-1);
}

const KEYS = [
  ["space", "play or pause"], [".", "one minute on"], ["<  >", "slower, faster"], ["g", "go to a moment"], ["f", "follow the selected vehicle"],
  ["← ↑ ↓ →", "move the map"], ["+  −", "closer, further"], ["0", "show everything"], ["/", "find a vehicle or an order"], ["o", "a new order"], ["1 … 6", "open a list"], ["e", "open the exceptions"],
  ["j  k", "next, previous exception"], ["a  r", "acknowledge, resolve it"], ["t  n", "assign it, note something"], ["Shift", "with a click or ↑ ↓: several vehicles"], ["Alt ↑ ↓", "move a stop of a route"],
  ["Esc", "select nothing"], ["?", "this list"],
];

function listen() {
  const on = (id, todo) => $(id).addEventListener("click", event => { todo(); if (event.detail) $(id).blur(); });
  on("play", DO[" "]); on("step", DO["."]); on("faster", DO[">"]); on("slower", DO["<"]); on("clock", askMoment);
  on("max", clockKey(() => ({ do: "speed", value: null })));
  on("truth", toggleTruth); on("follow", toggleFollow); on("help", DO["?"]); on("fit", fitAll);
  on("zoom-in", DO["+"]); on("zoom-out", DO["-"]);
  on("theme", () => setTheme(view.map.theme === "dark" ? "light" : "dark"));
  document.addEventListener("keydown", key);
  $("search").addEventListener("change", event => {
    if (find(event.target.value.trim())) { event.target.value = ""; event.target.blur(); }
  });
  listenToClock();
  holdStill();
  mouse($("map"));
  const keys = view.parts.session.truth ? [...KEYS.slice(0, 4), ["b", "truth beside belief"], ...KEYS.slice(4)] : KEYS;
  $("keys-list").append(...keys.flatMap(([name, text]) => [make("dt", {}, make("kbd", { textContent: name })), make("dd", { textContent: text })]));
}

function key(event) {
  const typing = event.target.matches?.("input:not([type=range]), select, textarea") || document.querySelector("dialog[open]");
  if (typing) { if (event.key === "Escape") event.target.blur(); return; }
  const names = [...PANELS.keys()], list = event.key === "e" ? "exceptions" : names[Number(event.key) - 1];
  const todo = DO[event.key] ?? arrow(event) ?? (list && view.page === "operations" ? () => openPanel(list) : null);
  if (!todo || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.closest?.("button, summary")) return;
  event.preventDefault();
  todo();
}

/** What an arrow key does to the map, unless what has the keyboard goes by arrows itself. */
function arrow(event) {
  const [east, north] = ARROWS[event.key] ?? [0, 0];
  if (!(east || north) || !view.map.onScreen || event.shiftKey || event.target.closest?.(OWN_ARROWS)) return null;
  return () => { if (view.map.following) toggleFollow(); view.map.pan(east, north); };
}

/** While a button of the mouse is down or something is dragged, lists stay as they are: what is clicked is what was seen. */
function holdStill() {
  const down = () => { view.pressed = true; }, up = () => setTimeout(() => { view.pressed = false; view.dragged = null; });
  document.addEventListener("pointerdown", down, true);
  document.addEventListener("pointerup", up, true);
  document.addEventListener("pointercancel", () => { if (!view.dragged) up(); }, true);
  document.addEventListener("dragend", up, true);
  window.addEventListener("blur", up);
}
