// Lines over the time of day, drawn as SVG from the numbers as they came: an axis with its unit, the range expected, and
// a reading under the pointer.

const PAD = { left: 58, right: 14, top: 12, bottom: 24 };

/** A step of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` pieces. */
function niceStep(span, most) {
  const unit = 10 ** Math.floor(Math.log10(span / most));
  return [1, 2, 5, 10].map(k => k * unit).find(step => span / step <= most + 1e-9);
}

/** From where to where the axis goes, and its step: from zero, but of a share only as far as the values need. */
function extent(values, range, unit) {
  const known = [...values.filter(Number.isFinite), ...(range ?? [])];
  let low = Math.min(...known), high = Math.max(...known);
  if (unit !== "share") { low = Math.min(low, 0); high = Math.max(high, 0); }
  if (!(high > low)) high = low + (unit === "share" ? 0.05 : 1);
  const counts = unit !== "share" && known.every(Number.isInteger), step = Math.max(niceStep(high - low, 5), counts ? 1 : 0);
  low = step * Math.floor(low / step + 1e-9);
  high = step * Math.ceil(high / step - 1e-9);
  return unit === "share" && high > 1 && Math.max(...known) <= 1 ? [low, 1, step] : [low, high, step];
}

const axisText = (value, unit) => unit === "share" ? `${number(Number((100 * value).toFixed(1)))} %` : unit === "s" ? duration(value) : number(Number(value.toPrecision(6)));

/** Draw `{s, series: [{name, values, className}], unit, range, label}` into `host`; `s` are seconds into the day. */
function lineChart(host, { s, series, unit, range, label }) {
  const drawn = series.filter(one => one.values?.some(Number.isFinite));
  if (!drawn.length) {
    host.replaceChildren(nothing("Nothing to draw yet: figures are read every five minutes of the day."));
    return;
  }
  const plot = make("div", { className: "plot" }), under = make("div", { className: "under" });
  host.replaceChildren(plot, under);
  const reading = make("p", { className: "reading" }), tell = k => { reading.replaceChildren(...readingOf(s, drawn, unit, k)); };
  tell(s.length - 1);
  const notes = [range ? `band: expected ${rangeText(range, unit)} at the end of the day` : ""];
  const { day } = view.parts, end_s = (day.end_us - day.start_us) / 1e6;
  const [low, high, step] = extent(drawn.flatMap(one => [...one.values]), range, unit);
  if (low > 0) notes.push("the axis does not begin at zero");
  under.append(reading, make("p", { className: "quiet", textContent: notes.filter(Boolean).join(" · ") }));
  const width = Math.max(200, plot.clientWidth), height = Math.max(90, plot.clientHeight);
  const x = at_s => PAD.left + (width - PAD.left - PAD.right) * at_s / end_s;
  const y = value => height - PAD.bottom - (height - PAD.top - PAD.bottom) * (value - low) / (high - low);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${label} over the day` });
  if (range) root.append(svg("rect", { class: "expected", x: PAD.left, width: width - PAD.left - PAD.right, y: y(Math.min(high, range[1])), height: Math.max(0, y(Math.max(low, range[0])) - y(Math.min(high, range[1]))) }));
  root.append(...valueAxis(low, high, step, unit, y, width), ...timeAxis(end_s, x, width, height));
  for (const one of drawn) root.append(svg("path", { class: `series ${one.className}`, d: linePath(s, one.values, x, y) }));
  const cursor = svg("line", { class: "cursor", y1: PAD.top, y2: height - PAD.bottom, visibility: "hidden" });
  root.append(cursor);
  root.addEventListener("mousemove", event => {
    const box = root.getBoundingClientRect(), at_s = (event.clientX - box.left - PAD.left) / (width - PAD.left - PAD.right) * end_s;
    const k = Math.min(s.length - 1, Math.max(0, nearestAt(s, at_s)));
    cursor.setAttribute("x1", x(s[k]));
    cursor.setAttribute("x2", x(s[k]));
    cursor.setAttribute("visibility", "visible");
    tell(k);
  });
  root.addEventListener("mouseleave", () => { cursor.setAttribute("visibility", "hidden"); tell(s.length - 1); });
  plot.append(root);
}

function readingOf(s, drawn, unit, k) {
  const values = drawn.map(one => make("span", { className: `key ${one.className}`, textContent: `${one.name} ${quantity(one.values[k], unit)}` }));
  return [make("time", { textContent: atS(s[k]) }), ...values];
}

function valueAxis(low, high, step, unit, y, width) {
  const made = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    const at = y(n * step);
    made.push(svg("line", { class: n === 0 ? "axis" : "grid", x1: PAD.left, x2: width - PAD.right, y1: at, y2: at }));
    const text = svg("text", { x: PAD.left - 7, y: at + 4, "text-anchor": "end" });
    text.textContent = axisText(n * step, unit);
    made.push(text);
  }
  return made;
}

function timeAxis(end_s, x, width, height) {
  const hours = [1, 2, 3, 4, 6, 12, 24, 48, 96].find(h => end_s / 3600 / h <= Math.max(3, width / 90)) ?? 168, made = [];
  for (let at_s = 0; at_s <= end_s; at_s += 3600 * hours) {
    const text = svg("text", { x: x(at_s), y: height - 6, "text-anchor": at_s === 0 ? "start" : x(at_s) > width - 30 ? "end" : "middle" });
    text.textContent = atS(at_s);
    made.push(svg("line", { class: "tick", x1: x(at_s), x2: x(at_s), y1: height - PAD.bottom, y2: height - PAD.bottom + 4 }), text);
  }
  return made;
}

/** A broken line where a value is not known. */
function linePath(s, values, x, y) {
  let path = "", pen = "M";
  for (let k = 0; k < values.length; k++) {
    if (!Number.isFinite(values[k])) { pen = "M"; continue; }
    path += `${pen}${x(s[k]).toFixed(1)} ${y(values[k]).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

function nearestAt(s, at_s) {
  let low = 0, high = s.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (s[middle] < at_s) low = middle + 1; else high = middle;
  }
  return low > 0 && at_s - s[low - 1] < s[low] - at_s ? low - 1 : low;
}

/** The same small and without axes, to stand beside a figure. */
function sparkline(s, values, unit, range) {
  const root = svg("svg", { viewBox: "0 0 90 22", class: "spark", "aria-hidden": "true" });
  if (!values?.some(Number.isFinite)) return root;
  const { day } = view.parts, end_s = (day.end_us - day.start_us) / 1e6, [low, high] = extent([...values], range, unit);
  const y = value => 20 - 18 * (value - low) / (high - low);
  if (range) root.append(svg("rect", { class: "expected", x: 0, width: 90, y: y(range[1]), height: Math.max(1, y(range[0]) - y(range[1])) }));
  root.append(svg("path", { class: "series belief", d: linePath(s, values, at_s => 90 * at_s / end_s, y) }));
  return root;
}

/** What a chart of a KPI needs: as known, and beside it as it was where the session may see that and has it switched on. */
function trendOf(name, kpi) {
  const p = view.parts, series = [{ name: "as known", values: p[`trend.${name}`], className: "belief" }];
  if (view.map.truth) series.push({ name: "in truth", values: p[`truth.trend.${name}`], className: "truth" });
  return { s: p["trend.s"], series, unit: kpi.unit, range: kpi.range, label: kpiName(name) };
}
