// The ground of the page: what is known (`view`), the wire to the server, and how things are written out.
// Every name is put in as text, never as markup. No figure is computed here, only written out.

const $ = id => document.getElementById(id);
const view = {
  parts: {}, vehicle: -1, order: -1, asked: new Map(), page: "operations", fresh: new Set(),
  pressed: false,  // a mouse button is down, or something is being dragged: what is under it stays where it is
};
const PAGES = new Map();

/** A page of the view. `build(root)` is called once, `show(parts, changed)` at most twice a second while it is open:
 *  with the set of parts that changed, all of them when it is opened. */
function registerPage(name, page) { PAGES.set(name, page); }

/** Whether the role may ask for it at all, and whether the day on the screen can still be changed. */
const may = request => view.parts.session.may.includes(request);
const offered = request => may(request) && !view.parts.day.recorded;  // over a day told again nothing can be done
const can = request => may(request) && view.parts.clock.can_command;

// --- elements ---

function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role" || name === "list") element.setAttribute(name, value); else element[name] = value;
  }
  element.append(...children);
  return element;
}

function button(text, todo, props = {}) {
  const element = make("button", { type: "button", textContent: text, ...props });
  element.addEventListener("click", todo);
  return element;
}

const field = (words, input) => make("label", { className: "field" }, make("span", { textContent: words }), input);
const options = (values, words = value => value) => values.map(value => make("option", { value, textContent: words(value) }));

/** Other children; what had the keyboard and is still there (by `data-key`) keeps it. */
function renew(root, ...children) {
  const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  root.replaceChildren(...children);
  if (key !== undefined) root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** A one-line form in `slot`: what is written goes to `send`; Escape closes it. `needed`: something must be written. */
function askLine(slot, { words, go, needed = false, names = [] }, send) {
  const id = `${slot.id || "line"}-names`, input = make("input", { placeholder: words, autocomplete: "off", maxLength: 500, required: needed, "aria-label": words, list: id });
  const close = () => slot.replaceChildren();
  const form = make("form", { className: "do line" }, input, make("datalist", { id }, ...options(names)), make("button", { className: "primary", textContent: go }), button("Cancel", close));
  form.onsubmit = event => { event.preventDefault(); close(); send(input.value.trim()); };
  form.onkeydown = event => { if (event.key === "Escape") { event.stopPropagation(); close(); } };
  slot.replaceChildren(form);
  input.focus();
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
/** The same where no heading says what it is about. */
function latenessWords(s) {
  const min = Math.round(Math.abs(s) / 60);
  return min > 0 ? `${min} min ${s > 0 ? "late" : "ahead of the plan"}` : lateness(s);
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

const words = name => name.replaceAll("_", " ");
const vehicleName = i => view.parts.vehicles[i][0];
const orderName = o => view.parts.orders[o][0];
const vehicleRow = id => view.parts.vehicles.findIndex(row => row[0] === id);
const orderRow = id => view.parts.orders.findIndex(row => row[0] === id);
const since = us => ago((view.parts.clock.now_us - us) / 1e6);

// --- moments that people write ---

/** What a clock on the wall shows, as microseconds of a day without a time zone. */
function wallUs(us) {
  const found = Object.fromEntries(view.wall.formatToParts(us / 1000).map(part => [part.type, part.value]));
  return Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second) * 1000;
}

/** Where moments are written: a time alone where the day is no longer than one, in 24 hours as everywhere on the page
 *  (a browser's own field for times goes by its own language). */
function momentInput(us, label) {
  const { day } = view.parts, text = Number.isFinite(us) ? new Date(wallUs(us) / 1000).toISOString() : "";
  if (day.end_us - day.start_us > 86_400e6) return make("input", { type: "datetime-local", value: text.slice(0, 16), "aria-label": label });
  const props = { type: "text", inputMode: "numeric", pattern: "([01]?[0-9]|2[0-3]):[0-5][0-9]", placeholder: "HH:MM", title: "A time of the day: HH:MM", maxLength: 5, size: 6 };
  return make("input", { ...props, value: text.slice(11, 16), autocomplete: "off", className: "moment", "aria-label": label });
}

/** The moment written, null where nothing is; of a time alone, the first after the start of the day. */
function momentUs(input) {
  if (!input.value) return null;
  const { day } = view.parts, first = wallUs(day.start_us), midnight = first - first % 86_400e6;
  const alone = input.type === "text";
  let wall = alone ? midnight + Date.parse(`1970-01-01T${input.value.padStart(5, "0")}Z`) * 1000 : Date.parse(input.value + "Z") * 1000;
  if (alone && wall < first - first % 60e6) wall += 86_400e6;
  const guess = wall - (first - day.start_us);
  return wall - (wallUs(guess) - guess);
}

// --- asking ---

/** Ask the engine; `then({ok, text, doc})` is called with its answer. */
function act(action, then) {
  if (view.away) { toast({ ok: false, text: "The connection to the server is lost: nothing can be asked for now." }); return; }
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
