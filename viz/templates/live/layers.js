// What lies still on the map, layer by layer: dead zones, watched zones, closed roads, incidents, orders, ways.

const MOST_LOOKED_AT = 12;

class MapLayers extends MapSheets {
  constructor(doc, element) {
    super(doc, element);
    this.vehicle = this.order = -1;
    this.looked = [];  // rows of the selected vehicles; the first is `vehicle`
    this.truth = false;
    this.outlines = new Map();
  }

  // --- which layers are shown ---

  /** `[name, words]` of the layers there are on this day, for this role. */
  layerNames() {
    const { session, coverage } = view.parts, fixed = Object.entries(LOOKS.layers).filter(([, look]) => session.truth || !look.truth);
    return [...fixed.map(([name, look]) => [name, look.text]), ...(coverage?.carriers ?? []).map(carrier => ["dead " + carrier, `No coverage: ${carrier}`])];
  }

  switchLayer(name, on) {
    this.switched[name] = on;
    localStorage.setItem("twin-layers", JSON.stringify(this.switched));
    this.applyLayers();
  }

  applyLayers() {
    const shown = (layer, ...names) => { for (const name of names) this.visible(name, this.on(layer)); };
    shown("ways", "way", "way-under", "trail", "fixes");
    shown("depots", "depots");
    shown("closures", "closed");
    shown("geofences", "fence-circles", "fence-polygons");
    this.visible("true-trail", this.truth && this.on("ways"));
    this.visible("true-closed", this.truth && this.on("closures"));
    this.visible("incidents", this.truth && this.on("incidents"));
    this.drawDeadZones();
    this.scale = null;
    this.onZoom();
    this.dirty = this.stale = true;
  }

  showTruth(on) {
    this.truth = on;
    this.applyLayers();
  }

  /** Draw what has changed. */
  takeLayers(p, changed) {
    const has = (...names) => names.some(name => changed.has(name));
    if (has("geofences")) this.drawFences();
    if (has("closed.x", "closed.y")) this.fill("closed", { x: p["closed.x"], y: p["closed.y"] });
    if (has("truth.closed.x", "truth.closed.y")) this.fill("true-closed", { x: p["truth.closed.x"], y: p["truth.closed.y"] });
    if (has("truth.incidents")) this.drawIncidents();
    if ([...changed].some(name => /^(truth\.)?coverage/.test(name))) this.drawDeadZones();
    if (has("order.x", "order.state", "order.vehicle")) this.due = true;
    if (has("looked_at", "way.x", "trail.x", "truth.trail.x", "route.start", "route.order")) this.drawRoute();
  }

  // --- zones ---

  drawFences() {
    const fences = this.parts.geofences, circles = fences.filter(f => f.kind === "circle"), polygons = fences.filter(f => f.kind !== "circle");
    this.fill("fence-circles", { x: circles.map(f => f.x), y: circles.map(f => f.y), r: circles.map(f => f.radius_m) });
    this.fill("fence-polygons", { xs: polygons.map(f => f.x), ys: polygons.map(f => f.y) });
  }

  drawIncidents() {
    const areas = this.parts["truth.incidents"].map(incident => incident.area).filter(Boolean);
    this.fill("incidents", { x: areas.map(a => a.x), y: areas.map(a => a.y), r: areas.map(a => a.radius_m) });
  }

  /** By carrier, where there is none: as published, or with the outages of now while one looks at the truth. */
  drawDeadZones() {
    const p = this.parts, prefix = this.truth && p?.["truth.coverage"] ? "truth." : "", lies = p?.[prefix + "coverage"];
    (lies?.carriers ?? []).forEach((carrier, number) => {
      const on = this.on("dead " + carrier), levels = p[`${prefix}coverage.${carrier}`];
      this.visible("dead-" + number, on);
      this.visible("dead-edge-" + number, on);
      if (!on || !levels || this.outlines.get(carrier) === levels) return;
      this.outlines.set(carrier, levels);
      this.fill("dead-" + number, deadBlocks(levels, lies));
      this.fill("dead-edge-" + number, deadEdges(levels, lies));
    });
  }

  // --- orders and ways ---

  drawStops() {
    this.stale = true;
    if (this.parts?.["order.x"]) this.drawRoute();
  }

  /** Whether an order has to do with what is selected, or with nobody. */
  concerns(o) {
    const p = this.parts;
    return !this.looked.length || p["order.state"][o] === 0 || o === this.order || this.looked.includes(p["order.vehicle"][o]);
  }

  /** The ways of the selected vehicles: along the roads once they are here, from stop to stop until then. */
  drawRoute() {
    const p = this.parts, way = { x: [], y: [] }, trail = { x: [], y: [] }, truly = { x: [], y: [] };
    const known = new Map((p?.looked_at ?? []).map((row, k) => [row, k]));
    for (const i of this.looked) {
      const k = known.get(i);
      if (k === undefined || !p["way.start"]) { join(way, ...this.straightWay(i)); continue; }
      join(way, ...cut(p, "way", k));
      join(trail, ...cut(p, "trail", k));
      if (p["truth.trail.start"]) join(truly, ...cut(p, "truth.trail", k));
    }
    this.fill("way", way);
    this.renderer("way-under").data_source.change.emit();
    this.fill("trail", trail);
    this.renderer("fixes").data_source.change.emit();
    this.fill("true-trail", truly);
    this.dirty = true;
  }

  straightWay(i) {
    const p = this.parts, stops = this.stopsAhead(i), depot = p.depots.indexOf(p.vehicles[i][3]);
    if (!stops.length) return [[], []];
    return ["x", "y"].map(axis => [p[axis][i], ...stops.map(o => p["order." + axis][o]), ...(depot < 0 ? [] : [p["depot." + axis][depot]])]);
  }

  stopsAhead(i) {
    const p = this.parts;
    return i >= 0 && p["route.start"] ? [...p["route.order"].slice(p["route.start"][i], p["route.start"][i + 1])] : [];
  }

  /** Select a vehicle and an order; `also`: beside those that are selected already. */
  choose(vehicle, order, also = false) {
    const before = also ? this.looked : [], again = before.includes(vehicle), rest = before.filter(row => row !== vehicle);
    this.lookAt(again && rest.length ? rest : [vehicle, ...rest], order);
  }

  /** Select vehicles (rows; -1 none), the first of them above the others, and an order. */
  lookAt(vehicles, order) {
    this.looked = vehicles.filter(row => row >= 0).slice(0, MOST_LOOKED_AT);
    this.vehicle = this.looked[0] ?? -1;
    this.order = order;
    if (!this.n) return;
    act({ do: "look_at", vehicles: this.looked.map(vehicleName) });
    this.dirty = true;
    this.drawStops();
  }
}

/** One vehicle's piece of lines that lie end to end. */
function cut(p, name, k) {
  const from = p[name + ".start"][k], to = p[name + ".start"][k + 1];
  return [p[name + ".x"].subarray(from, to), p[name + ".y"].subarray(from, to)];
}

/** Add a line to a broken line. */
function join(line, x, y) {
  line.x.push(...x, NaN);
  line.y.push(...y, NaN);
}

// --- dead zones ---

/** Cells without coverage as few rectangles: a run of a row goes up as long as the next row has the same run. */
function deadBlocks(levels, { x0_m, y0_m, cell_m, nx, ny }) {
  const found = { left: [], right: [], top: [], bottom: [] };
  let open = new Map();
  for (let row = 0; row <= ny; row++) {
    const next = new Map();
    for (let a = 0; row < ny && a < nx; a++) {
      if (levels[row * nx + a]) continue;
      let b = a;
      while (b < nx && !levels[row * nx + b]) b++;
      next.set(a * 65536 + b, open.get(a * 65536 + b) ?? row);
      a = b;
    }
    for (const [run, first] of open) {
      if (next.has(run)) continue;
      found.left.push(x0_m + cell_m * Math.floor(run / 65536));
      found.right.push(x0_m + cell_m * (run % 65536));
      found.bottom.push(y0_m + cell_m * first);
      found.top.push(y0_m + cell_m * row);
    }
    open = next;
  }
  return found;
}

/** Where coverage ends, as segments. */
function deadEdges(levels, { x0_m, y0_m, cell_m, nx, ny }) {
  const found = { x0: [], y0: [], x1: [], y1: [] }, at = (i, j) => levels[j * nx + i] > 0;
  const add = (x0, y0, x1, y1) => {
    found.x0.push(x0_m + cell_m * x0); found.y0.push(y0_m + cell_m * y0);
    found.x1.push(x0_m + cell_m * x1); found.y1.push(y0_m + cell_m * y1);
  };
  const runs = (length, differs, each) => {
    for (let a = 0; a < length; a++) {
      if (!differs(a)) continue;
      let b = a;
      while (b < length && differs(b)) b++;
      each(a, b);
      a = b;
    }
  };
  for (let j = 1; j < ny; j++) runs(nx, i => at(i, j) !== at(i, j - 1), (a, b) => add(a, j, b, j));
  for (let i = 1; i < nx; i++) runs(ny, j => at(i, j) !== at(i - 1, j), (a, b) => add(i, a, i, b));
  return found;
}
