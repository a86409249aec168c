// The ground of the map: two Bokeh sheets over the same two ranges, their scale, and what they look like by day and night.
// Nothing drawn here goes back to the server: sources are filled with sync off.

const QUIET = { sync: false, check_eq: false }, SILENT = { sync: false };
const CROSS = "#2a2f36";
const crossed = look => look.marker.includes("_") && look.marker !== "inverted_triangle";
const THEMES = {
  light: { roads: { least: "#dcdedb", minor: "#d3d6d6", middle: "#c0c5c9", main: "#a7adb5", motorway: "#8f97a3" },
    edge: "#ffffff", ink: "#1d2127", halo: "#ffffff", depot: "#20242b", route: "#0072b2", BLUE: "#0072b2", truth: "#b5488a" },
  dark: { roads: { least: "#262c33", minor: "#2b323a", middle: "#394350", main: "#4d5967", motorway: "#667484" },
    edge: "#14171b", ink: "#e7e9ec", halo: "#14171b", depot: "#e7e9ec", route: "#6cbcf0", BLUE: "#3d9fe0", truth: "#e58fc0" },
};

class MapSheets {
  constructor(doc, element) {
    this.element = element;
    this.renderer = name => doc.get_model_by_name(name);
    const ways = doc.get_model_by_name("sheet-ways");
    this.xr = ways.x_range;
    this.yr = ways.y_range;
    this.theme = "light";
    this.roadWidths = {};
    this.switched = JSON.parse(localStorage.getItem("twin-layers") ?? "{}");
    new ResizeObserver(() => this.keepScale()).observe(element);
    for (const sheet of element.querySelectorAll(".sheet")) unfocusable(sheet);
    this.xr.change.connect(() => this.onZoom());
    for (const range of [this.xr, this.yr]) range.change.connect(() => { this.dirty = this.stale = true; });
  }

  // --- ranges ---

  get onScreen() { return this.element.clientWidth > 0; }

  get mpp() { return (this.xr.end - this.xr.start) / Math.max(1, this.element.clientWidth); }

  show(cx, cy, mpp) {
    const w = this.element.clientWidth / 2 * mpp, h = this.element.clientHeight / 2 * mpp;
    if (!(w > 0)) return;
    this.xr.setv({ start: cx - w, end: cx + w }, SILENT);
    this.yr.setv({ start: cy - h, end: cy + h }, SILENT);
    this.onZoom();
  }

  centre() { return [(this.xr.start + this.xr.end) / 2, (this.yr.start + this.yr.end) / 2]; }

  /** Show all of some points, unless somebody has chosen another view meanwhile. */
  refit(xs, ys) {
    const now = [this.xr.start, this.xr.end, this.yr.start, this.yr.end].join();
    if (this.fitted === undefined || this.fitted === now) this.fit(xs, ys);
  }

  /** After another size: the same middle and scale, or the view that was asked for while the map was not open. */
  keepScale() {
    if (!this.onScreen) return;
    if (this.wanted) this.fit(...this.wanted);
    else if (this.scale) this.show(...this.centre(), this.scale);
  }

  /** Move the view by an eighth of the map. */
  pan(east, north) {
    const [x, y] = this.centre(), step = this.mpp * Math.min(this.element.clientWidth, this.element.clientHeight) / 8;
    this.show(x + east * step, y + north * step, this.mpp);
  }

  zoom(factor) { this.show(...this.centre(), this.mpp * factor); }

  fit(xs, ys) {
    this.wanted = this.onScreen ? null : [xs, ys];
    const x = Float32Array.from(xs).filter(Number.isFinite), y = Float32Array.from(ys).filter(Number.isFinite);
    if (!x.length || this.wanted) return;
    const least = values => values.reduce((a, b) => Math.min(a, b)), most = values => values.reduce((a, b) => Math.max(a, b));
    const [x0, x1, y0, y1] = [least(x), most(x), least(y), most(y)];
    const wide = Math.max(x1 - x0, 500) / this.element.clientWidth, high = Math.max(y1 - y0, 500) / this.element.clientHeight;
    this.show((x0 + x1) / 2, (y0 + y1) / 2, 1.12 * Math.max(wide, high));
    this.fitted = [this.xr.start, this.xr.end, this.yr.start, this.yr.end].join();
  }

  /** Finer roads, and wider ones, the closer one looks. */
  onZoom() {
    const mpp = this.mpp;
    if (mpp === this.scale || !this.onScreen) return;
    this.scale = mpp;
    const near = Math.min(3.2, Math.max(1, 9 / mpp));
    for (const [band, look] of Object.entries(LOOKS.roads)) {
      const road = this.renderer("road-" + band), visible = this.on("roads") && mpp <= look.coarsest, width = look.width * near;
      if (road.visible !== visible) road.setv({ visible }, SILENT);
      if (Math.abs((this.roadWidths[band] ?? 0) - width) > 0.15) {
        this.roadWidths[band] = width;
        road.glyph.setv({ line_width: { value: width } }, SILENT);
      }
    }
    for (const [name, most] of [["closed", 4], ["true-closed", 7]]) this.paint(name, { line_width: Math.min(most, Math.max(most / 3, most * 4 / mpp)) });
    this.onscale?.(mpp);
    this.dirty = true;
  }

  // --- looks ---

  on(layer) { return this.switched[layer] ?? LOOKS.layers[layer]?.shown ?? false; }

  colour(look) { return look.colour.toLowerCase() === "#0072b2" ? THEMES[this.theme].BLUE : look.colour; }

  paint(name, properties) {
    const values = Object.entries(properties).map(([key, value]) => [key, { value }]);
    this.renderer(name).glyph.setv(Object.fromEntries(values), SILENT);
  }

  setTheme(theme) {
    this.theme = theme;
    const t = THEMES[theme];
    for (const band of Object.keys(LOOKS.roads)) this.paint("road-" + band, { line_color: t.roads[band] });
    this.paint("depots", { fill_color: t.depot, line_color: t.edge });
    for (const name of ["way", "trail"]) this.paint(name, { line_color: t.route });
    this.paint("fixes", { fill_color: t.route });
    this.paint("way-under", { line_color: t.halo });
    for (const name of ["true-trail", "true-closed", "incidents"]) this.paint(name, { line_color: t.truth });
    this.restyle();
    this.drawStops();
  }

  fill(name, data) { this.renderer(name).data_source.setv({ data }, QUIET); }

  visible(name, visible) {
    const renderer = this.renderer(name);
    if (renderer && renderer.visible !== visible) renderer.setv({ visible }, SILENT);
  }
}

/** Bokeh's drawings take the keyboard, and do nothing with it: whoever tabs through the page is not to stop there. */
function unfocusable(root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.tabIndex >= 0) element.tabIndex = -1;
    if (element.shadowRoot) unfocusable(element.shadowRoot);
  }
}
