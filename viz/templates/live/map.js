// The vehicles on the map: moved between two targets, faded by age, with the truth beside them; what is under the mouse.

const FRAME_MS = [40, 400], BUSY_SHARE = 0.7;  // of the browser's time for drawing: the rest is for people
const ORDERS_MS = 1000;  // between two looks at orders, while nobody touches the map
const FRESH_S = 90, STALE_S = 900, OLD_S = 300, STALE_ALPHA = 0.4;
const CROWD = { vehicles: 300, mpp: 9, size: 0.65 };  // more vehicles than this, seen from further away: smaller marks
const RING = "#e69f00", ORDER_RING = "#d55e00";

class LiveMap extends MapLayers {
  constructor(doc, element) {
    super(doc, element);
    this.following = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.labels = new Labels();
    [this.orders, this.vehicles] = ["still", "moving"].map(id => new Canvas($(id)));
    this.n = this.frames = this.begun = this.ordered = 0;
    this.lasts = 1;
    const next = () => this.animate(wait => setTimeout(() => requestAnimationFrame(next), wait));
    next();
  }

  /** New parts, of which some have changed. */
  take(parts, changed) {
    this.parts = parts;
    this.aim(parts, changed);
    this.takeLayers(parts, changed);
  }

  /** New targets: x, y, heading, state and age by vehicle, and the truth's where it may be seen. */
  aim(parts, changed) {
    if (this.n !== parts.x.length) this.begin(parts);
    if (["x", "y", "truth.x", "truth.y"].some(name => changed.has(name))) {
      const now = performance.now();
      this.from.x.set(this.drawn.x);
      this.from.y.set(this.drawn.y);
      this.from.tx.set(this.true.x);
      this.from.ty.set(this.true.y);
      this.lasts = Math.min(1300, Math.max(120, 1.15 * (now - this.begun)));
      this.begun = now;
      this.moving = true;
    }
    if (!this.looks) this.restyle();
    if (["state", "age_s", "heading", "truth.state", "truth.heading"].some(name => changed.has(name))) this.dirty = true;
  }

  begin(parts) {
    this.n = parts.x.length;
    const f = () => new Float32Array(this.n);
    this.drawn = { x: f(), y: f() };
    this.drawn.x.set(parts.x);
    this.drawn.y.set(parts.y);
    this.true = { x: f().fill(NaN), y: f().fill(NaN) };
    this.from = { x: f(), y: f(), tx: f(), ty: f() };
  }

  /** Looks as they are drawn in this theme: fill and line of every state of a vehicle, of the truth about it, of an order. */
  restyle() {
    const t = THEMES[this.theme], { states, order_states } = view.parts.day;
    this.crowded = this.isCrowd();
    const small = this.crowded ? CROWD.size : 1;
    const shape = look => ({ marker: look.marker, size: small * look.size, colour: this.colour(look), hollow: look.hollow });
    this.looks = states.map(state => {
      const look = shape(LOOKS.vehicles[state]), own = look.hollow || look.marker === "triangle";
      return { ...look, fill: look.hollow ? t.edge : look.colour, line: own ? look.colour : crossed(look) ? CROSS : t.edge };
    });
    this.trueLooks = states.map(state => { const look = shape(LOOKS.vehicles[state]); return { ...look, size: look.size + 3, fill: null, line: t.truth, width: 2 }; });
    this.orderLooks = order_states.map(state => { const look = shape(LOOKS.orders[state]); return { ...look, fill: look.hollow ? null : look.colour, line: look.colour, width: 1.3 }; });
    this.dirty = this.stale = true;
  }

  isCrowd() { return this.n > CROWD.vehicles && this.mpp > CROWD.mpp; }

  // --- motion ---

  /** Draw a frame if there is anything new, and say in how many milliseconds to come again: the dearer, the later. */
  animate(again) {
    if (!this.n || !this.onScreen || !(this.moving || this.dirty || this.stale || this.due)) { again(FRAME_MS[0]); return; }
    const began = performance.now(), share = this.still ? 1 : Math.min(1, (began - this.begun) / this.lasts);
    this.dirty = false;
    this.moving = share < 1;
    try {
      this.move(share);
    } finally {  // a frame that failed is not the last one
      requestAnimationFrame(() => setTimeout(() => {  // once it is on the screen
        this.frames++;
        this.cost = performance.now() - began;
        again(Math.min(FRAME_MS[1], Math.max(FRAME_MS[0], this.cost / BUSY_SHARE)) - this.cost);
      }));
    }
  }

  move(share) {
    const { drawn: d, true: t, from: f, parts: p } = this;
    const toward = (out, from, to) => {
      for (let i = 0; i < to.length; i++) out[i] = from[i] === from[i] ? from[i] + (to[i] - from[i]) * share : to[i];
    };
    toward(d.x, f.x, p.x);
    toward(d.y, f.y, p.y);
    if (p["truth.x"]) {
      toward(t.x, f.tx, p["truth.x"]);
      toward(t.y, f.ty, p["truth.y"]);
    }
    if (this.following && this.vehicle >= 0) this.show(d.x[this.vehicle], d.y[this.vehicle], this.mpp);
    if (this.isCrowd() !== this.crowded) this.restyle();
    if (this.stale || (this.due && performance.now() - this.ordered > ORDERS_MS)) this.drawOrders();
    this.drawVehicles();
  }

  drawOrders() {
    const p = this.parts, canvas = this.orders, states = p["order.state"];
    this.stale = this.due = false;
    this.ordered = performance.now();
    canvas.begin(this);
    if (!this.on("stops") || !states) return;
    for (const mine of [false, true]) {  // what has to do with the selected lies on top
      for (let o = 0; o < states.length; o++) {
        if (this.concerns(o) === mine) canvas.stamp(this.orderLooks[states[o]], p["order.x"][o], p["order.y"][o], mine ? 0.95 : 0.22);
      }
    }
  }

  drawVehicles() {
    const { drawn: d, true: t, parts: p, vehicles: canvas } = this, theme = THEMES[this.theme], looked = new Set(this.looked);
    canvas.begin(this);
    if (this.on("reach")) {
      for (let i = 0; i < this.n; i++) if (p.age_s[i] > FRESH_S || looked.has(i)) canvas.disc(d.x[i], d.y[i], p.reach_m[i], theme.route);
    }
    if (this.on("vehicles")) {
      if (this.truth) this.drawTruth(canvas, theme);
      for (let i = 0; i < this.n; i++) {
        const look = this.looks[p.state[i]], stale = Math.min(1, Math.max(0, (p.age_s[i] - FRESH_S) / (STALE_S - FRESH_S)));
        const alpha = p.state[i] === 0 ? 0.75 : Math.round(20 * (1 - (1 - STALE_ALPHA) * stale)) / 20;
        canvas.stamp(look, d.x[i], d.y[i], alpha, p.heading[i], look.marker === "triangle" && !this.crowded);
      }
      for (const i of this.looked) canvas.ring(d.x[i], d.y[i], i === this.vehicle ? 14 : 12, i === this.vehicle ? 3.5 : 1.8, RING);
    }
    const o = this.order, at = this.pin ?? (o >= 0 ? [p["order.x"][o], p["order.y"][o]] : null);  // a pin: where a new order is to be
    if (at) canvas.ring(...at, 10, 2.5, ORDER_RING);
    if (this.on("labels")) for (const label of this.labels.place(this)) canvas.label(label, theme);
  }

  /** Where they really are, each joined to where it is believed to be. */
  drawTruth(canvas, theme) {
    const { drawn: d, true: t, parts: p } = this, { pen } = canvas;
    if (!p["truth.x"]) return;
    pen.strokeStyle = theme.truth;
    pen.lineWidth = 1.2;
    pen.beginPath();
    for (let i = 0; i < this.n; i++) {
      pen.moveTo(canvas.px(d.x[i]), canvas.py(d.y[i]));
      pen.lineTo(canvas.px(t.x[i]), canvas.py(t.y[i]));
    }
    pen.stroke();
    for (let i = 0; i < this.n; i++) canvas.stamp(this.trueLooks[p["truth.state"][i]], t.x[i], t.y[i], 1, p["truth.heading"][i]);
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
    const vehicle = this.n && this.on("vehicles") ? near(this.drawn.x, this.drawn.y, 14) : -1;
    const order = vehicle < 0 && this.on("stops") ? near(this.parts?.["order.x"], this.parts?.["order.y"], 9) : -1;
    return { vehicle, order };
  }
}
