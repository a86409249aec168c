// The map: fills the three sheets from typed arrays, moves vehicles between two targets, picks what is under the mouse.
// Nothing drawn here goes back to the server: sources are filled with sync off.

const FRAME_MS = 100, QUIET = { sync: false, check_eq: false };
const FRESH_S = 90, STALE_S = 900, OLD_S = 300, STALE_ALPHA = 0.4;
const CROSS = "#2a2f36";
const crossed = look => look.marker.includes("_") && look.marker !== "inverted_triangle";
const THEMES = {
  light: { roads: { least: "#dcdedb", minor: "#d3d6d6", middle: "#c0c5c9", main: "#a7adb5", motorway: "#8f97a3" },
    edge: "#ffffff", ink: "#1d2127", halo: "#ffffff", depot: "#20242b", route: "#0072b2", BLUE: "#0072b2" },
  dark: { roads: { least: "#262c33", minor: "#2b323a", middle: "#394350", main: "#4d5967", motorway: "#667484" },
    edge: "#14171b", ink: "#e7e9ec", halo: "#14171b", depot: "#e7e9ec", route: "#6cbcf0", BLUE: "#3d9fe0" },
};

class LiveMap {
  constructor(doc, element) {
    this.element = element;
    this.plots = Object.fromEntries(["roads", "stops", "vehicles"].map(n => [n, doc.get_model_by_name("sheet-" + n)]));
    this.renderer = name => doc.get_model_by_name(name);
    this.xr = this.plots.vehicles.x_range;
    this.yr = this.plots.vehicles.y_range;
    this.theme = "light";
    this.vehicle = this.order = -1;
    this.truth = this.following = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.n = 0;
    this.frames = 0;
    this.kept = {};
    new ResizeObserver(() => this.keepScale()).observe(element);
    this.xr.change.connect(() => this.onZoom());
    setInterval(() => this.animate(), FRAME_MS);
  }

  // --- ranges ---

  get mpp() { return (this.xr.end - this.xr.start) / Math.max(1, this.element.clientWidth); }

  show(cx, cy, mpp) {
    const w = this.element.clientWidth / 2 * mpp, h = this.element.clientHeight / 2 * mpp;
    this.xr.setv({ start: cx - w, end: cx + w }, { sync: false });
    this.yr.setv({ start: cy - h, end: cy + h }, { sync: false });
    this.onZoom();
  }

  centre() { return [(this.xr.start + this.xr.end) / 2, (this.yr.start + this.yr.end) / 2]; }

  /** Show all of some points, unless somebody has chosen another view meanwhile. */
  refit(xs, ys) {
    const now = [this.xr.start, this.xr.end, this.yr.start, this.yr.end].join();
    if (this.fitted === undefined || this.fitted === now) this.fit(xs, ys);
  }

  keepScale() { if (this.scale) this.show(...this.centre(), this.scale); }

  zoom(factor) { this.show(...this.centre(), this.mpp * factor); }

  fit(xs, ys) {
    const x = Float32Array.from(xs).filter(Number.isFinite), y = Float32Array.from(ys).filter(Number.isFinite);
    if (!x.length) return;
    const [x0, x1, y0, y1] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
    const wide = Math.max(x1 - x0, 500) / this.element.clientWidth, high = Math.max(y1 - y0, 500) / this.element.clientHeight;
    this.show((x0 + x1) / 2, (y0 + y1) / 2, 1.12 * Math.max(wide, high));
    this.fitted = [this.xr.start, this.xr.end, this.yr.start, this.yr.end].join();
  }

  onZoom() {
    const mpp = this.mpp;
    if (mpp === this.scale) return;
    this.scale = mpp;
    const near = Math.min(2.4, Math.max(1, 9 / mpp));
    for (const [band, look] of Object.entries(LOOKS.roads)) {
      const road = this.renderer("road-" + band), visible = mpp <= look.coarsest, width = look.width * near;
      if (road.visible !== visible) road.setv({ visible }, { sync: false });
      if (Math.abs((this.kept["w" + band] ?? 0) - width) > 0.15) {
        this.kept["w" + band] = width;
        road.glyph.setv({ line_width: { value: width } }, { sync: false });
      }
    }
    this.onscale?.(mpp);
    this.stamps();
  }

  // --- looks ---

  colour(look) { return look.colour.toLowerCase() === "#0072b2" ? THEMES[this.theme].BLUE : look.colour; }

  setTheme(theme) {
    this.theme = theme;
    const t = THEMES[theme], set = (name, props) => this.renderer(name).glyph.setv(
      Object.fromEntries(Object.entries(props).map(([k, value]) => [k, { value }])), { sync: false });
    for (const band of Object.keys(LOOKS.roads)) set("road-" + band, { line_color: t.roads[band] });
    set("depots", { fill_color: t.depot, line_color: t.edge });
    set("route", { line_color: t.route });
    set("route-under", { line_color: t.halo });
    set("reach", { fill_color: t.route, line_color: t.route });
    for (const name of ["numbers", "stamps"]) set(name, { text_color: t.ink, background_fill_color: t.halo });
    this.restyle();
    this.drawStops();
  }

  fill(name, data) { this.renderer(name).data_source.setv({ data }, QUIET); }

  // --- vehicles ---

  /** New targets: x, y, heading, state and age by vehicle, and the truth's where it may be seen. */
  aim(parts, changed) {
    if (this.n !== parts.x.length) {
      this.n = parts.x.length;
      const f = () => new Float32Array(this.n), s = () => new Array(this.n).fill("circle");
      this.drawn = { x: f(), y: f(), marker: s(), size: f(), fill: s(), line: s(), alpha: f(), angle: f(), nose: f(), tip: f() };
      this.drawn.x.set(parts.x);
      this.drawn.y.set(parts.y);
      this.true = { x: f().fill(NaN), y: f().fill(NaN), marker: s(), size: f(), angle: f() };
      this.linked = { x0: f(), y0: f(), x1: f(), y1: f() };
      this.from = { x: f(), y: f(), tx: f(), ty: f() };
      this.fill("vehicles", this.drawn);
      this.fill("truth", this.true);
      this.fill("links", this.linked);
    }
    this.parts = parts;
    if (["x", "y", "truth.x", "truth.y"].some(name => changed.has(name))) {
      const now = performance.now();
      this.from.x.set(this.drawn.x);
      this.from.y.set(this.drawn.y);
      this.from.tx.set(this.true.x);
      this.from.ty.set(this.true.y);
      this.lasts = Math.min(1300, Math.max(120, 1.15 * (now - (this.begun ?? now))));
      this.begun = now;
      this.moving = true;
    }
    if (["state", "age_s", "heading", "truth.state", "truth.heading"].some(name => changed.has(name))) this.restyle();
  }

  restyle() {
    if (!this.n) return;
    const { drawn: d, true: t, parts: p } = this, states = p.day.states, edge = THEMES[this.theme].edge;
    for (let i = 0; i < this.n; i++) {
      const look = LOOKS.vehicles[states[p.state[i]]], colour = this.colour(look), turn = p.heading[i] * Math.PI / 180;
      const driving = look.marker === "triangle", parked = p.state[i] === 0;
      d.marker[i] = look.marker;
      d.size[i] = look.size;
      d.fill[i] = look.hollow ? edge : colour;
      d.line[i] = look.hollow || driving ? colour : crossed(look) ? CROSS : edge;
      d.alpha[i] = parked ? 0.75 : 1 - (1 - STALE_ALPHA) * Math.min(1, Math.max(0, (p.age_s[i] - FRESH_S) / (STALE_S - FRESH_S)));
      d.angle[i] = driving ? -turn : 0;
      d.nose[i] = driving ? 13 : 0.01;  // 0 would be endless
      d.tip[i] = Math.PI / 2 - turn;
      if (p["truth.state"]) {
        const real = LOOKS.vehicles[states[p["truth.state"][i]]];
        t.marker[i] = real.marker;
        t.size[i] = real.size + 3;
        t.angle[i] = real.marker === "triangle" ? -p["truth.heading"][i] * Math.PI / 180 : 0;
      }
    }
    this.dirty = true;
  }

  animate() {
    if (!this.n || !(this.moving || this.dirty)) return;
    const { drawn: d, true: t, linked: l, from: f, parts: p } = this;
    const share = this.still ? 1 : Math.min(1, (performance.now() - this.begun) / this.lasts);
    const toward = (out, from, to) => {
      for (let i = 0; i < to.length; i++) out[i] = from[i] === from[i] ? from[i] + (to[i] - from[i]) * share : to[i];
    };
    toward(d.x, f.x, p.x);
    toward(d.y, f.y, p.y);
    this.renderer("vehicles").data_source.change.emit();
    if (p["truth.x"]) {
      toward(t.x, f.tx, p["truth.x"]);
      toward(t.y, f.ty, p["truth.y"]);
    }
    if (this.truth) {
      l.x0.set(d.x); l.y0.set(d.y); l.x1.set(t.x); l.y1.set(t.y);
      this.renderer("truth").data_source.change.emit();
      this.renderer("links").data_source.change.emit();
    }
    this.mark();
    if (this.following && this.vehicle >= 0) this.show(d.x[this.vehicle], d.y[this.vehicle], this.mpp);
    this.dirty = false;
    this.moving = share < 1;
    this.frames++;
  }

  showTruth(on) {
    this.truth = on;
    for (const name of ["truth", "links"]) this.renderer(name).setv({ visible: on }, { sync: false });
    this.dirty = true;
  }

  /** The ring around the selected vehicle, how far it may have got, and the stamps. */
  mark() {
    const i = this.vehicle, d = this.drawn;
    const at = i >= 0 ? { x: [d.x[i]], y: [d.y[i]] } : { x: [], y: [] };
    this.fill("ring", at);
    this.fill("reach", { ...at, r: i >= 0 ? [this.parts.reach_m[i]] : [] });
    this.stamps();
  }

  stamps() {
    if (!this.n) return;
    const p = this.parts, d = this.drawn, x = [], y = [], text = [], all = this.mpp < 12 && this.n <= 400;
    for (let i = 0; i < this.n; i++) {
      const old = p.age_s[i] > OLD_S && p.state[i] !== 0, chosen = i === this.vehicle;
      if (!((all && p.state[i] !== 0) || old || chosen)) continue;
      x.push(d.x[i]);
      y.push(d.y[i]);
      text.push(plain((all || chosen ? p.vehicles[i][0] : "") + (old || chosen ? "  " + ago(p.age_s[i]) : "")));
    }
    this.fill("stamps", { x, y, text });
  }

  // --- orders and routes ---

  drawStops() {
    const p = this.parts;
    if (!p || !p["order.x"]) return;
    const n = p["order.x"].length, looks = p.day.order_states.map(s => LOOKS.orders[s]);
    const data = { x: p["order.x"], y: p["order.y"], marker: [], size: [], fill: [], line: [], fill_alpha: [], alpha: [] };
    for (let i = 0; i < n; i++) {
      const look = looks[p["order.state"][i]], colour = this.colour(look);
      const mine = this.vehicle < 0 || p["order.vehicle"][i] === this.vehicle || p["order.state"][i] === 0;
      data.marker.push(look.marker);
      data.size.push(look.size);
      data.fill.push(colour);
      data.line.push(colour);
      data.fill_alpha.push(look.hollow ? 0 : mine ? 0.9 : 0.2);
      data.alpha.push(mine ? 0.95 : 0.22);
    }
    this.fill("stops", data);
    this.drawRoute();
  }

  drawRoute() {
    const p = this.parts, i = this.vehicle, x = [], y = [], stops = { x: [], y: [], text: [] };
    if (i >= 0 && p["route.start"]) {
      const from = p["route.start"][i], to = p["route.start"][i + 1];
      if (to > from) { x.push(p.x[i]); y.push(p.y[i]); }
      for (let k = from; k < to; k++) {
        const order = p["route.order"][k];
        x.push(p["order.x"][order]);
        y.push(p["order.y"][order]);
        stops.x.push(p["order.x"][order]);
        stops.y.push(p["order.y"][order]);
        stops.text.push(String(k - from + 1));
      }
      const depot = p.depots.indexOf(p.vehicles[i][3]);
      if (to > from && depot >= 0) { x.push(p["depot.x"][depot]); y.push(p["depot.y"][depot]); }
    }
    this.fill("route", { x, y });
    this.renderer("route-under").data_source.change.emit();
    this.fill("numbers", stops);
    const o = this.order;
    this.fill("order-ring", o >= 0 ? { x: [p["order.x"][o]], y: [p["order.y"][o]] } : { x: [], y: [] });
  }

  drawClosed() {
    const p = this.parts;
    if (p["closed.x"]) this.fill("closed", { x: p["closed.x"], y: p["closed.y"] });
  }

  choose(vehicle, order) {
    this.vehicle = vehicle;
    this.order = order;
    if (!this.n) return;
    this.mark();
    this.drawStops();
  }

  // --- what is under the mouse ---

  pick(event) {
    const box = this.element.getBoundingClientRect(), mpp = this.mpp;
    const x = this.xr.start + (event.clientX - box.left) * mpp, y = this.yr.end - (event.clientY - box.top) * mpp;
    const near = (xs, ys, px) => {
      let best = -1, least = px * mpp;
      for (let i = 0; i < (xs?.length ?? 0); i++) {
        const away = Math.hypot(xs[i] - x, ys[i] - y);
        if (away < least) { least = away; best = i; }
      }
      return best;
    };
    const vehicle = this.n ? near(this.drawn.x, this.drawn.y, 14) : -1;
    return { vehicle, order: vehicle >= 0 ? -1 : near(this.parts?.["order.x"], this.parts?.["order.y"], 9) };
  }
}

/** A name as Bokeh draws it: `$$` would make it fetch a formula renderer. */
function plain(text) { return text.replaceAll("$$", "$\u200b$"); }
