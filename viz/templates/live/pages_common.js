// What the pages for roles are made of: panels, tiles, small tables, and figures with their units in words.

const SVG_NS = "http://www.w3.org/2000/svg";

function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG_NS, tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A titled box; `note` says in a line what it shows. */
function panel(title, note, ...children) {
  const head = [make("h2", { textContent: title })];
  if (note) head.push(make("p", { className: "quiet", textContent: note }));
  return make("section", { className: "panel", "aria-label": title }, ...head, ...children);
}

const nothing = text => make("p", { className: "nothing", textContent: text });
const kpiName = name => LOOKS.labels[name] ?? words(name);

/** Seconds as people say them. */
function duration(s) {
  if (!Number.isFinite(s)) return "–";
  const minutes = Math.round(Math.abs(s) / 60), sign = s < 0 ? "−" : "";
  if (Math.abs(s) < 90) return `${sign}${number(Math.abs(s) < 10 && !Number.isInteger(s) ? Number(Math.abs(s).toFixed(1)) : Math.round(Math.abs(s)))} s`;
  return minutes < 90 ? `${sign}${minutes} min` : `${sign}${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}

const UNITS = { EUR: "€", "EUR/stop": "€ a stop", "stops/h": "stops an hour", "1/s": "a second" };

/** A KPI's value with its unit. */
function quantity(value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (unit === "share") return `${(100 * value).toFixed(1)} %`;
  return unit === "s" ? duration(value) : `${number(value)} ${UNITS[unit] ?? unit}`;
}

/** An amount of money in whole euros. */
const euros = value => `${Math.round(value).toLocaleString("en")} €`;

/** Where a value stands against what is expected of it: a sign and words, never a colour alone. */
function standing({ value, unit, range }) {
  if (!range) return make("span", { className: "quiet", textContent: "" });
  if (value === null) return make("span", { className: "quiet", textContent: "not known yet" });
  const [low, high] = range;
  const [sign, text, kind] = value < low ? ["▼", "below", "out"] : value > high ? ["▲", "above", "out"] : ["✓", "within", "in"];
  return make("span", { className: `standing ${kind}`, title: `expected ${rangeText(range, unit)}` }, make("span", { "aria-hidden": "true", textContent: sign }), text);
}

const rangeText = ([low, high], unit) => unit === "share"
  ? `${number(100 * low)}–${number(100 * high)} %` : `${number(low)}–${number(high)} ${UNITS[unit] ?? unit}`;

function tile(name, value, ...below) {
  return make("div", { className: "tile", "data-tile": name }, make("div", { className: "name", textContent: name }), make("div", { className: "value", textContent: value }), ...below);
}

/** A short table: `columns` are `{title, cell(row), num?, hint?}`, a cell is text or an element; `onpick(row)` opens a row. */
function shortTable(label, columns, rows, { onpick, key } = {}) {
  const head = make("tr", {}, ...columns.map(c => make("th", { scope: "col", className: c.num ? "num" : "", title: c.hint ?? "", textContent: c.title })));
  const body = rows.map(row => make("tr", key ? { "data-row": key(row) } : {}, ...columns.map((column, k) => {
    const made = column.cell(row);
    const inner = onpick && k === 0 ? button(made, () => onpick(row), { className: "link", "data-key": `${label}:${key?.(row) ?? made}` }) : made;
    return make("td", { className: column.num ? "num" : "" }, inner);
  })));
  return make("table", { className: "short", "aria-label": label }, make("thead", {}, head), make("tbody", {}, ...body));
}

/** Names with a bar each, long as its value; `text` writes the value out. The longest bar is as wide as there is room. */
function bars(label, rows, text = number) {
  const most = Math.max(...rows.map(([, value]) => value), 0);
  return make("ul", { className: "bars", "aria-label": label }, ...rows.map(([name, value]) => {
    const bar = make("i", {});
    bar.style.width = `${most > 0 ? 100 * value / most : 0}%`;
    bar.hidden = !value;
    return make("li", {}, make("span", { className: "bar-name", textContent: name, title: name }), make("span", { className: "rod" }, bar), make("span", { className: "num", textContent: text(value) }));
  }));
}

/** Buttons of which one is pressed. */
function choices(label, names, onchoose) {
  const root = make("div", { className: "choices", role: "group", "aria-label": label });
  const choose = name => {
    for (const other of root.children) other.setAttribute("aria-pressed", String(other.dataset.choice === name));
    onchoose(name);
  };
  root.append(...Object.entries(names).map(([name, text]) => button(text, () => choose(name), { "data-choice": name, "aria-pressed": "false" })));
  root.choose = choose;
  return root;
}

/** A table of many rows: `widths` are the columns' as CSS grid has them. */
function longTable(label, widths, columns, onchoose) {
  const root = make("div", { className: "long" });
  root.style.setProperty("--columns", widths);
  return { root, table: new Table(root, label, columns, onchoose) };
}

/** The moment some seconds into the day, or a dash. */
const momentS = s => atS(s) || "–";

const hasAny = (changed, ...names) => names.some(name => changed.has(name));
