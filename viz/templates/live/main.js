// The page: takes frames from the wire, shows figures as they come, and turns clicks and keys into actions.
// Every name is put in as text, never as markup. No figure is computed here, only written out.

const $ = id => document.getElementById(id);
const view = { parts: {}, vehicle: -1, order: -1, sure: null };
const PLAY = "M5 3l12 7-12 7z", PAUSE = "M4 3h4v14H4zM12 3h4v14h-4z";
const KEYS = [
  ["space", "play or pause"], [".", "one minute on"], ["+  −", "faster, slower"], ["b", "truth beside belief"],
  ["f", "follow the selected vehicle"], ["/", "find a vehicle or an order"], ["0", "show everything"],
  ["Esc", "select nothing"], ["?", "this list"],
];

// --- writing things out ---

function localTime(us, seconds = true) { return (seconds ? view.hms : view.hm).format(us / 1000); }
function atS(s, seconds = false) { return Number.isFinite(s) ? localTime(view.parts.day.start_us + s * 1e6, seconds) : ""; }
function number(value) {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) < 1 ? 2 : 1;
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}
function figure(kpi) {
  if (kpi.value === null) return "–";
  return kpi.unit === "share" ? `${(100 * kpi.value).toFixed(1)} %` : number(kpi.value);
}
function lateness(s) {
  if (!Number.isFinite(s)) return "";
  const min = Math.round(s / 60);
  return min === 0 ? "on plan" : `${min > 0 ? "+" : "−"}${Math.abs(min)} min`;
}
function window_(o) {
  const p = view.parts, a = atS(p["order.opens_s"][o]), b = atS(p["order.closes_s"][o]);
  return b ? `${a}–${b}` : "any time";
}
const vehicleLook = i => LOOKS.vehicles[view.parts.day.states[view.parts.state[i]]];
const orderLook = o => LOOKS.orders[view.parts.day.order_states[view.parts["order.state"][o]]];
const orderOpen = o => view.parts["order.state"][o] < 5;

// --- frames ---

function take(frame) {
  const entries = frame instanceof Map ? [...frame] : Object.entries(frame);
  const changed = new Set();
  for (const [name, value] of entries) {
    if (name === "json") {
      for (const [part, plainValue] of Object.entries(JSON.parse(value))) { view.parts[part] = plainValue; changed.add(part); }
    } else { view.parts[name] = value; changed.add(name); }
  }
  if (changed.size) show(changed);
}

function show(changed) {
  const p = view.parts, has = (...names) => names.some(name => changed.has(name));
  if (has("day")) begin();
  view.map.aim(p, changed);
  if (has("order.x", "order.state", "order.vehicle")) view.map.drawStops();
  else if (has("route.start", "route.order") || (view.vehicle >= 0 && has("x"))) view.map.drawRoute();
  if (has("orders")) view.map.refit(...everything());
  if (has("closed.x")) view.map.drawClosed();
  if (has("clock")) showClock();
  if (has("kpis", "truth.kpis")) showKpis();
  if (has("news")) showNews();
  if (has("orders", "vehicles")) showNames();
  view.tableDue = view.tableDue || has("state", "done", "stops", "heard_s", "next", "next_s", "behind_s", "age_s", "vehicles");
  view.detailDue = view.detailDue || has("state", "order.state", "order.vehicle", "route.order", "next_s", "clock");
}

/** Texts change at most twice a second: people read them. */
function settle() {
  if (view.tableDue) { view.tableDue = false; view.table.fill(view.parts.vehicles.length); }
  if (view.detailDue && !$("detail").contains(document.activeElement)) { view.detailDue = false; showDetail(); }
}

function begin() {
  const { day } = view.parts, form = extra => new Intl.DateTimeFormat("en-GB", { timeZone: day.time_zone, ...extra });
  view.hms = form({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  view.hm = form({ hour: "2-digit", minute: "2-digit" });
  view.date = form({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  $("what").textContent = day.recorded ? "Recorded day" : "Live day";
  $("attribution").textContent = day.attribution;
  $("date").title = day.time_zone;
}

function showClock() {
  const { clock, day } = view.parts;
  $("clock").textContent = localTime(clock.now_us);
  $("date").textContent = view.date.format(clock.now_us / 1000);
  $("play-text").textContent = clock.playing ? "Pause" : "Play";
  $("play-icon").setAttribute("d", clock.playing ? PAUSE : PLAY);
  $("play").disabled = $("step").disabled = clock.ended;
  $("speed").textContent = clock.speed === null ? "max" : `×${number(clock.speed)}`;
  $("max").setAttribute("aria-pressed", String(clock.speed === null));
  $("reached").textContent = clock.playing && clock.reached !== null ? `runs at ×${number(Math.round(clock.reached))}` : "";
  const scrub = $("scrub");
  scrub.disabled = !clock.can_seek;
  scrub.title = clock.can_seek ? "Jump to a moment" : "How far the day is";
  if (!view.scrubbing) scrub.value = Math.round(1000 * (clock.now_us - day.start_us) / (day.end_us - day.start_us));
  if (!view.lost) {
    const words = clock.note ? `${clock.note} …` : clock.ended ? "The day is over." : "";
    $("notice").hidden = !words;
    $("notice").textContent = words;
  }
}

function showKpis() {
  const truly = new Map((view.parts["truth.kpis"] ?? []).map(kpi => [kpi.name, kpi]));
  $("kpis").replaceChildren(...view.parts.kpis.map(kpi => {
    const value = make("div", { className: "value" }, figure(kpi));
    if (kpi.of !== null) value.append(make("small", { textContent: ` of ${number(kpi.of)}` }));
    const real = truly.get(kpi.name), differs = view.map.truth && real && figure(real) !== figure(kpi);
    return make("div", { className: "kpi", role: "listitem", "data-kpi": kpi.name },
      make("div", { className: "name", textContent: LOOKS.kpis[kpi.name] ?? kpi.name.replaceAll("_", " ") }), value,
      make("div", { className: "true", textContent: differs ? `${figure(real)} in truth` : "" }));
  }));
}

function showNews() {
  $("news-lines").replaceChildren(...[...view.parts.news].reverse().map(([heard, occurred, , subject, text]) => {
    const late = Math.round((heard - occurred) / 1e6);
    const what = make("span", { textContent: text + (late >= 2 ? ` (${ago(late)} before)` : "") });
    return make("li", {}, make("time", { textContent: localTime(heard) }), make("b", { textContent: subject }), what);
  }));
}

function showNames() {
  const names = [...view.parts.vehicles.map(v => v[0]), ...(view.parts.orders ?? []).map(o => o[0])];
  $("names").replaceChildren(...names.slice(0, 3000).map(value => make("option", { value })));
}

// --- the selected vehicle and order ---

function choose(vehicle, order = -1) {
  view.vehicle = vehicle;
  view.order = order;
  view.sure = null;
  view.map.choose(vehicle, order);
  view.table.choose(vehicle);
  showDetail();
}

function showDetail() {
  const cards = [];
  if (view.vehicle >= 0) cards.push(vehicleCard(view.vehicle));
  if (view.order >= 0) cards.push(orderCard(view.order));
  $("detail").replaceChildren(...cards);
}

function vehicleCard(i) {
  const p = view.parts, [id, driver, kind, depot] = p.vehicles[i];
  const list = make("ol", {});
  for (let k = p["route.start"][i]; k < p["route.start"][i + 1]; k++) {
    const o = p["route.order"][k], row = make("button", {},
      make("span", { className: "quiet num", textContent: k - p["route.start"][i] + 1 }),
      mark(orderLook(o), p.orders[o][0]),
      make("span", { className: "quiet", textContent: window_(o) }),
      make("span", { className: "num", textContent: k === p["route.start"][i] ? atS(p.next_s[i]) : "" }));
    row.onclick = () => choose(i, o);
    list.append(make("li", {}, row));
  }
  const card = make("div", { className: "card" },
    make("h2", {}, id, mark(vehicleLook(i))),
    make("p", { textContent: `${driver || "no driver"} · ${kind.replaceAll("_", " ")} · depot ${depot} · last heard ${atS(p.heard_s[i], true)}, ${ago(p.age_s[i])} ago` }));
  if (p.clock.can_command) card.append(assignForm(i));
  card.append(list.children.length ? list : make("p", { textContent: "Nothing left on its route." }));
  return card;
}

function assignForm(i) {
  const p = view.parts, form = make("form", { className: "do" });
  const input = make("input", { placeholder: "Give it an open order", autocomplete: "off", "aria-label": "Order to assign" });
  const options = make("datalist", { id: "open-orders" });
  const open = p.orders.map((_, o) => o).filter(o => orderOpen(o) && p["order.vehicle"][o] !== i);
  open.sort((a, b) => p["order.state"][a] - p["order.state"][b]);
  options.append(...open.slice(0, 500).map(o => make("option", { value: p.orders[o][0], label: `${orderLook(o).text}, ${window_(o)}` })));
  input.setAttribute("list", "open-orders");
  form.append(input, options, make("button", { textContent: "Assign", id: "assign" }));
  form.onsubmit = event => {
    event.preventDefault();
    act({ do: "assign", order_id: input.value.trim(), vehicle_id: p.vehicles[i][0] });
    $("assign").blur();
    input.blur();
  };
  return form;
}

function orderCard(o) {
  const p = view.parts, [id, customer] = p.orders[o], who = p["order.vehicle"][o];
  const card = make("div", { className: "card" },
    make("h2", {}, id, mark(orderLook(o))),
    make("p", { textContent: `${customer} · ${window_(o)} · ${who >= 0 ? p.vehicles[who][0] : "no vehicle yet"}` }));
  if (!p.clock.can_command || !orderOpen(o)) return card;
  const buttons = make("div", { className: "do" });
  if (view.vehicle >= 0 && view.vehicle !== who) {
    const give = make("button", { textContent: `Give to ${p.vehicles[view.vehicle][0]}`, className: "primary" });
    give.onclick = () => act({ do: "assign", order_id: id, vehicle_id: p.vehicles[view.vehicle][0] });
    buttons.append(give);
  } else if (who >= 0) {
    const look = make("button", { textContent: `Show ${p.vehicles[who][0]}` });
    look.onclick = () => choose(who, o);
    buttons.append(look);
  }
  const cancel = make("button", { textContent: view.sure === o ? "Really cancel it" : "Cancel order", className: "danger", id: "cancel" });
  cancel.onclick = () => {
    if (view.sure === o) { view.sure = null; act({ do: "cancel", order_id: id }); } else view.sure = o;
    showDetail();
  };
  buttons.append(cancel);
  card.append(buttons);
  return card;
}

// --- doing things ---

function act(action) { view.wire.action = { ...action, n: (view.n = (view.n ?? 0) + 1) }; }

function toast({ ok, text }) {
  const box = $("toast");
  box.textContent = text;
  box.className = ok ? "" : "bad";
  box.hidden = false;
  clearTimeout(view.toastTimer);
  view.toastTimer = setTimeout(() => { box.hidden = true; }, ok ? 3500 : 7000);
}

function lost(text) {
  view.lost = true;
  $("notice").hidden = false;
  $("notice").className = "bad";
  $("notice").textContent = text;
}

function press(id, on) { $(id).setAttribute("aria-pressed", String(on)); }

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("twin-theme", theme);
  view.map.setTheme(theme);
  legend();
  if (view.parts.vehicles) { view.table.draw(); showDetail(); }
}

function legend() {
  const group = (title, looks) => [make("h3", { textContent: title }), ...Object.values(looks).map(look => mark(look))];
  $("legend-body").replaceChildren(...group("Vehicles", LOOKS.vehicles), ...group("Orders", LOOKS.orders));
}

function toggleTruth() {
  view.map.showTruth(!view.map.truth);
  press("truth", view.map.truth);
  showKpis();
}

function toggleFollow() {
  view.map.following = !view.map.following;
  view.map.dirty = true;
  press("follow", view.map.following);
}

function everything() {
  const p = view.parts;
  return ["x", "y"].map(axis => [...p["depot." + axis], ...p["order." + axis], ...p[axis]]);
}

function fitAll() { view.map.fit(...everything()); }

function find(name) {
  const p = view.parts, i = p.vehicles.findIndex(v => v[0] === name);
  if (i >= 0) { choose(i); view.map.show(p.x[i], p.y[i], Math.min(view.map.mpp, 8)); return true; }
  const o = (p.orders ?? []).findIndex(order => order[0] === name);
  if (o >= 0) { choose(p["order.vehicle"][o], o); view.map.show(p["order.x"][o], p["order.y"][o], Math.min(view.map.mpp, 8)); }
  return o >= 0;
}

function scaleBar(mpp) {
  const most = 120 * mpp, unit = 10 ** Math.floor(Math.log10(most)), length = [5, 2, 1].map(k => k * unit).find(m => m <= most);
  $("scale").firstElementChild.textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  $("scale").lastElementChild.style.width = `${length / mpp}px`;
}

// --- keys and clicks ---

const DO = {
  " ": () => act({ do: view.parts.clock.playing ? "pause" : "play" }), ".": () => act({ do: "step" }),
  "+": () => act({ do: "faster" }), "=": () => act({ do: "faster" }), "-": () => act({ do: "slower" }), b: toggleTruth, f: toggleFollow,
  "/": () => $("search").focus(), "0": fitAll, Escape: () => choose(-1), "?": () => $("keys").showModal(),
};

function listen() {
  const on = (id, todo) => $(id).addEventListener("click", () => { todo(); $(id).blur(); });
  on("play", DO[" "]); on("step", DO["."]); on("faster", DO["+"]); on("slower", DO["-"]);
  on("max", () => act({ do: "speed", value: null }));
  on("truth", toggleTruth); on("follow", toggleFollow); on("help", DO["?"]); on("fit", fitAll);
  on("zoom-in", () => view.map.zoom(1 / 1.6)); on("zoom-out", () => view.map.zoom(1.6));
  on("theme", () => setTheme(view.map.theme === "dark" ? "light" : "dark"));
  document.addEventListener("keydown", event => {
    const typing = event.target.matches?.("input:not([type=range]), select, textarea") || $("keys").open;
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    const todo = DO[event.key];
    if (!todo || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.closest?.("button, summary")) return;
    event.preventDefault();
    todo();
  });
  $("search").addEventListener("change", event => {
    if (find(event.target.value.trim())) { event.target.value = ""; event.target.blur(); }
  });
  const scrub = $("scrub"), day = () => view.parts.day;
  scrub.addEventListener("input", () => { view.scrubbing = true; });
  scrub.addEventListener("change", () => {
    view.scrubbing = false;
    act({ do: "seek", at_us: Math.round(day().start_us + scrub.value / 1000 * (day().end_us - day().start_us)) });
    scrub.blur();
  });
  mouse($("map"));
  $("keys-list").append(...KEYS.flatMap(([key, words]) => [make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: words })]));
}

function mouse(map) {
  let down = null;
  map.addEventListener("pointerdown", event => { down = [event.clientX, event.clientY]; }, true);
  map.addEventListener("pointerup", event => {
    if (!down || Math.hypot(event.clientX - down[0], event.clientY - down[1]) > 5 || event.target.closest("button, details")) return;
    const { vehicle, order } = view.map.pick(event);
    if (vehicle >= 0) choose(vehicle); else if (order >= 0) choose(view.vehicle >= 0 ? view.vehicle : view.parts["order.vehicle"][order], order);
  }, true);
  map.addEventListener("mousemove", event => {
    const { vehicle, order } = view.map.pick(event), p = view.parts, tip = $("tip");
    tip.hidden = vehicle < 0 && order < 0;
    if (tip.hidden) return;
    tip.textContent = vehicle >= 0
      ? `${p.vehicles[vehicle][0]} · ${vehicleLook(vehicle).text}\nstop ${p.done[vehicle]} of ${p.stops[vehicle]} · heard ${ago(p.age_s[vehicle])} ago`
      : `${p.orders[order][0]} · ${orderLook(order).text}\n${window_(order)}`;
    const box = map.getBoundingClientRect();
    tip.style.left = `${Math.min(event.clientX - box.left + 14, box.width - 220)}px`;
    tip.style.top = `${event.clientY - box.top + 14}px`;
  });
  map.addEventListener("mouseleave", () => { $("tip").hidden = true; });
}

function columns() {
  const p = view.parts, text = (value, className = "") => make("span", { textContent: value, className, title: value });
  return [
    { title: "Vehicle", value: i => p.vehicles[i][0], cell: i => text(p.vehicles[i][0], "who") },
    { title: "State", value: i => vehicleLook(i).text, cell: i => mark(vehicleLook(i)) },
    { title: "Stop", num: true, value: i => p.done[i], cell: i => text(p.stops[i] ? `${p.done[i]}/${p.stops[i]}` : "", "num"), hint: "Visits done of those planned" },
    { title: "Heard", num: true, value: i => p.age_s[i], cell: i => text(ago(p.age_s[i]), p.age_s[i] > OLD_S && p.state[i] ? "num stale" : "num"), hint: "How long ago head office last knew where it was" },
    { title: "Next stop", value: i => p.next_s[i], cell: i => text(p.next[i] >= 0 ? `${atS(p.next_s[i])} ${p.orders[p.next[i]][0]}` : ""), hint: "Planned arrival and order" },
    { title: "Late", num: true, value: i => p.behind_s[i], cell: i => text(lateness(p.behind_s[i]), p.behind_s[i] > 300 ? "num late" : "num"), hint: "Against the plan, as far as known" },
  ];
}

// --- start ---

function start(doc) {
  view.wire = doc.get_model_by_name("wire");
  $("opening").hidden = true;
  $("app").hidden = false;
  view.map = new LiveMap(doc, $("map"));
  view.map.onscale = scaleBar;
  view.table = new Table($("table"), columns(), i => choose(i));
  listen();
  take(view.wire.frame);
  const wanted = localStorage.getItem("twin-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  setTheme(wanted);
  view.map.showTruth(false);
  fitAll();
  settle();
  const when = (name, todo) => view.wire.properties[name].change.connect(() => todo(view.wire[name]));
  when("frame", take);
  when("answer", toast);
  when("lost", text => lost(`No news from the engine: ${text}.`));
  let beaten = performance.now();
  when("beat", () => { beaten = performance.now(); });
  setInterval(() => { if (performance.now() - beaten > 9000 && !view.lost) lost("The connection to the server is lost. Reload the page when it is back."); }, 1000);
  setInterval(settle, 500);
  act({ do: "hello" });
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

const waiting = setInterval(() => {
  const doc = window.Bokeh?.documents?.[0];
  if (!doc?.is_idle || !doc.get_model_by_name("wire")) return;
  clearInterval(waiting);
  start(doc);
}, 30);
