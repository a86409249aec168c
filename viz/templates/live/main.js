// The page as a whole: frames from the wire, which page is open, the mouse on the map, the theme, and the start.

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
  if (has("orders") && view.order >= p.orders.length) forgetOrder();
  view.map.take(p, changed);
  if (has("orders")) view.map.refit(...everything());
  if (has("clock")) showClock();
  if (has("kpis", "truth.kpis")) showKpis();
  if (has("exceptions")) announceCases();
  if (has("orders", "vehicles")) showNames();
  for (const name of changed) view.fresh.add(name);
}

/** Texts change at most twice a second: people read them. */
function settle() {
  if (!view.fresh.size || view.pressed) return;
  const fresh = view.fresh;
  view.fresh = new Set();
  if (view.page === "operations") { showDesk(); showDetail(); }
  PAGES.get(view.page)?.show(view.parts, fresh);
}

// --- pages ---

/** Tabs and empty pages for what the role may see; operations is the map with its side. */
function layOut() {
  const { session } = view.parts;
  showAccount(session);
  $("truth").hidden = !session.truth;
  buildDesk();
  buildDetail();
  const names = session.pages.filter(name => name === "operations" || PAGES.has(name));
  for (const name of names) {
    if (name !== "operations") {
      const root = make("section", { id: `page-${name}`, className: "page", role: "tabpanel", hidden: true, tabIndex: 0, "aria-label": PAGES.get(name).title });
      document.querySelector("#app").append(root);
    }
    const tab = make("button", { role: "tab", id: `tab-${name}`, textContent: PAGES.get(name)?.title ?? "Operations", "aria-controls": `page-${name}` });
    tab.onclick = () => openPage(name);
    $("tabs").append(tab);
  }
  $("page-operations").hidden = !names.includes("operations");
  $("tabs").addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], at = names.indexOf(view.page);
    if (step) { openPage(names[(at + step + names.length) % names.length]); $(`tab-${view.page}`).focus(); }
  });
  openPage(names[0]);
}

function openPage(name) {
  view.page = name;
  const root = $(`page-${name}`);
  if (!root.childElementCount) PAGES.get(name).build(root);
  for (const tab of $("tabs").children) {
    const open = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(open));
    tab.tabIndex = open ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !open;
  }
  if (name === "operations") showDesk();
  PAGES.get(name)?.show(view.parts, new Set(Object.keys(view.parts)));
}

// --- look and map ---

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("twin-theme", theme);
  view.map.setTheme(theme);
  legend();
  if (view.table) { showDesk(); showDetail(); }
  PAGES.get(view.page)?.show(view.parts, new Set(Object.keys(view.parts)));
}

function toggleTruth() {
  if (!view.parts.session.truth) return;
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

/** Select what is called so; where several are nearly called so, list them. */
function find(name) {
  const p = view.parts, near = Math.min(view.map.mpp, 8), some = name ? ordersWith(name) : [];
  const i = vehicleRow(name), exact = orderRow(name), o = exact < 0 && some.length === 1 ? some[0] : exact;
  if (i >= 0) { choose(i); view.map.show(p.x[i], p.y[i], near); return true; }
  if (o >= 0) { choose(p["order.vehicle"][o], o); view.map.show(p["order.x"][o], p["order.y"][o], near); return true; }
  if (some.length) {
    $("orders-words").value = name;
    $("orders-stand").value = "all";
    openPanel("orders");
  } else if (name) toast({ ok: false, text: `No vehicle, order or customer is called ${name}.` });
  return some.length > 0;
}

function scaleBar(mpp) {
  const most = 120 * mpp, unit = 10 ** Math.floor(Math.log10(most)), length = [5, 2, 1].map(k => k * unit).find(m => m <= most);
  $("scale").firstElementChild.textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  $("scale").lastElementChild.style.width = `${length / mpp}px`;
}

// --- keys and clicks ---

function mouse(map) {
  let down = null;
  map.addEventListener("pointerdown", event => { down = [event.clientX, event.clientY]; }, true);
  map.addEventListener("pointerup", event => {
    if (!down || event.target.closest("button, details")) return;
    if (Math.hypot(event.clientX - down[0], event.clientY - down[1]) > 5) { if (view.map.following) toggleFollow(); return; }  // dragged away
    if (view.placing) { view.placing(...placeOf(event)); return; }
    const { vehicle, order } = view.map.pick(event);
    if (vehicle >= 0) choose(vehicle, -1, event.shiftKey); else if (order >= 0) choose(view.vehicle >= 0 ? view.vehicle : view.parts["order.vehicle"][order], order);
  }, true);
  map.addEventListener("mousemove", event => {
    const { vehicle, order } = view.map.pick(event), p = view.parts, tip = $("tip");
    tip.hidden = vehicle < 0 && order < 0;
    if (tip.hidden) return;
    tip.textContent = hoverWords(vehicle, order);
    const box = map.getBoundingClientRect();
    tip.style.left = `${Math.min(event.clientX - box.left + 14, box.width - 220)}px`;
    const under = event.clientY - box.top + 14;
    tip.style.top = `${under + tip.offsetHeight > box.height ? under - 24 - tip.offsetHeight : under}px`;
  });
  map.addEventListener("mouseleave", () => { $("tip").hidden = true; });
  dropOn(map, event => view.map.pick(event).vehicle);
}

/** Metres on the map under the mouse. */
function placeOf(event) {
  const { xr, yr, element, mpp } = view.map, box = element.getBoundingClientRect();
  return [xr.start + (event.clientX - box.left) * mpp, yr.end - (event.clientY - box.top) * mpp];
}

// --- start ---

function start(doc) {
  view.wire = doc.get_model_by_name("wire");
  $("opening").hidden = true;
  $("app").hidden = false;
  view.map = new LiveMap(doc, $("map"));
  view.map.onscale = scaleBar;
  take(view.wire.frame);
  listen();
  const wanted = localStorage.getItem("twin-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  setTheme(wanted);
  view.map.showTruth(false);
  layOut();
  fitAll();
  lookAgain();
  settle();
  const when = (name, todo) => view.wire.properties[name].change.connect(() => todo(view.wire[name]));
  when("frame", take);
  when("answer", answered);
  when("lost", engineLost);
  when("again", openAgain);
  watchServer(when);
  setInterval(settle, 500);
  act({ do: "hello" });
  window.addEventListener("pagehide", keep);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

const waiting = setInterval(() => {
  const doc = window.Bokeh?.documents?.[0];
  if (!doc?.is_idle || !doc.get_model_by_name("wire")) return;
  clearInterval(waiting);
  start(doc);
}, 30);
