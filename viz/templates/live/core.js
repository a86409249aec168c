// The ground of the page: what is known (`view`), the wire to the server, and how things are written out.
// Every name is put in as text, never as markup. No figure is computed here, only written out.

const $ = id => document.getElementById(id);
const view = { parts: {}, vehicle: -1, order: -1, sure: null, asked: new Map(), page: "operations", fresh: new Set() };
const PAGES = new Map();

/** A page of the view. `build(root)` is called once, `show(parts, changed)` at most twice a second while it is open:
 *  with the set of parts that changed, all of them when it is opened. */
function registerPage(name, page) { PAGES.set(name, page); }

const may = request => view.parts.session.may.includes(request);

// --- elements ---

function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value); else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** A state's shape in its colour, with its words. */
function mark(look, words = look.text) {
  const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg"), use = document.createElementNS(ns, "use");
  use.setAttribute("href", "#m-" + look.marker);
  const colour = view.map.colour(look), open = look.hollow || look.marker === "x";
  svg.setAttribute("aria-hidden", "true");
  svg.style.color = colour;
  svg.style.stroke = crossed(look) ? CROSS : colour;
  svg.style.fill = open ? "none" : colour;
  svg.append(use);
  return make("span", { className: "mark" }, svg, words);
}

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

function ago(seconds) {
  if (!Number.isFinite(seconds)) return "never heard";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

// --- asking ---

/** Ask the engine; `then({ok, text, doc})` is called with its answer. */
function act(action, then) {
  const n = view.n = (view.n ?? 0) + 1;
  if (then) view.asked.set(n, then);
  view.wire.action = { ...action, n };
}

function answered({ to, ok, text, doc }) {
  const then = view.asked.get(to);
  view.asked.delete(to);
  if (text) toast({ ok, text });
  then?.({ ok, text, doc: doc ? JSON.parse(doc) : null });
}

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
