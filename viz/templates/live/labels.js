// Names and ages on the map, each where nothing else is written: what matters most finds a place first.

const LABELS = { font: "12px system-ui, sans-serif", most: 160, vehicles: 12, stops: 3.2, again_ms: 400, high: 18, gap: 13, stop_gap: 6 };  // vehicles, stops: metres a px from which all are named
const ROOM = document.createElement("canvas").getContext("2d");

class Labels {
  constructor() {
    this.chosen = [];
    this.placed_ms = -Infinity;
    this.for = "";
    this.widths = new Map();
  }

  /** The labels to draw, each with its place; which there are, and on which side, is settled anew now and then. */
  place(map) {
    const now = performance.now(), of = [map.scale, map.vehicle, map.order, map.looked.length].join();
    if (this.for !== of || now - this.placed_ms > LABELS.again_ms) {
      this.for = of;
      this.placed_ms = now;
      this.chosen = this.settle(map);
    }
    return this.chosen;
  }

  settle(map) {
    const taken = [], chosen = [], { xr, yr, mpp } = map;
    for (const label of this.wanted(map)) {
      const px = (label.xs[label.row] - xr.start) / mpp, py = (yr.end - label.ys[label.row]) / mpp;
      if (!(px > -20 && py > -20 && px < map.element.clientWidth + 20 && py < map.element.clientHeight + 20)) continue;
      const wide = this.width(label.text), sides = [[label.gap, 0], [-label.gap - wide, 0], [-wide / 2, -LABELS.high - 4], [-wide / 2, LABELS.high + 4]];
      const side = sides.find(([dx, dy]) => !taken.some(box => meets(box, px + dx, py + dy, wide)));
      if (!side && !label.always) continue;
      const [dx, dy] = side ?? sides[0];
      taken.push([px + dx, py + dy, wide]);
      chosen.push({ ...label, dx, dy, wide });
      if (chosen.length === LABELS.most) break;
    }
    return chosen;
  }

  /** What is to be named, the most wanted first: the selected and their stops, who was not heard of, then all near by. */
  wanted(map) {
    const p = map.parts, d = map.drawn, first = [], old = [], rest = [], all = map.mpp < LABELS.vehicles;
    const vehicle = (row, text, always = false) => ({ xs: d.x, ys: d.y, row, text: plain(text), always, gap: LABELS.gap });
    const order = (row, text) => ({ xs: p["order.x"], ys: p["order.y"], row, text: plain(text), gap: LABELS.stop_gap });
    for (let i = 0; i < map.n; i++) {
      const late = p.age_s[i] > OLD_S && p.state[i] !== 0, id = vehicleName(i);
      if (map.looked.includes(i)) first.push(vehicle(i, `${id}  ${ago(p.age_s[i])}`, true));
      else if (late) old.push(vehicle(i, all ? `${id}  ${ago(p.age_s[i])}` : ago(p.age_s[i])));
      else if (all && p.state[i] !== 0) rest.push(vehicle(i, id));
    }
    map.stopsAhead(map.vehicle).forEach((o, k) => first.push(order(o, map.mpp < LABELS.stops ? `${k + 1}  ${orderName(o)}` : String(k + 1))));
    if (map.order >= 0) first.unshift(order(map.order, orderName(map.order)));
    if (map.on("depots")) p.depots.forEach((name, row) => first.push({ xs: p["depot.x"], ys: p["depot.y"], row, text: plain(name), gap: LABELS.gap }));
    if (map.mpp < LABELS.stops && map.on("stops")) p.orders.forEach((_, o) => { if (map.concerns(o)) rest.push(order(o, orderName(o))); });
    return [...first, ...old, ...rest];
  }

  width(text) {
    let wide = this.widths.get(text);
    if (wide === undefined) {
      if (this.widths.size > 5000) this.widths.clear();
      ROOM.font = LABELS.font;
      this.widths.set(text, wide = ROOM.measureText(text).width + 6);
    }
    return wide;
  }
}

const meets = ([x, y, wide], px, py, own) => px < x + wide && x < px + own && Math.abs(py - y) < LABELS.high;

/** A name on the map is not endless. */
function plain(text) { return text.length > 32 ? `${text.slice(0, 31)}…` : text; }

/** What the card at the mouse says. */
function hoverWords(vehicle, order) {
  const p = view.parts;
  if (vehicle < 0) return [`${orderName(order)} · ${orderLook(order).text}`, p.orders[order][1], window_(order), p["order.vehicle"][order] >= 0 ? `with ${vehicleName(p["order.vehicle"][order])}` : "no vehicle"].filter(Boolean).join("\n");
  const next = p.next[vehicle], lines = [`${vehicleName(vehicle)} · ${vehicleLook(vehicle).text}`];
  if (p.stops[vehicle]) lines.push(`stop ${p.done[vehicle]} of ${p.stops[vehicle]}${next >= 0 ? ` · next ${orderName(next)} ${atS(p.next_s[vehicle])}` : ""}`);
  lines.push([`heard ${ago(p.age_s[vehicle])}${Number.isFinite(p.age_s[vehicle]) ? " ago" : ""}`, lateness(p.behind_s[vehicle])].filter(Boolean).join(" · "));
  if (view.map.truth && p["truth.off_m"]) lines.push(`in truth ${p["truth.off_m"][vehicle].toFixed(0)} m from there, ${LOOKS.vehicles[p.day.states[p["truth.state"][vehicle]]].text}`);
  return lines.join("\n");
}
