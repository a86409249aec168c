// What is drawn by ourselves over Bokeh's sheets: orders on one canvas, which seldom change, vehicles on another.
// Every shape is painted once, in its colours and direction, and stamped from then on.

const DIRECTIONS = 72, NOSE_PX = 13;
const HEX = [0, 60, 120, 180, 240, 300].map(degrees => [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)]);
const STAR = Array.from({ length: 10 }, (_, k) => { const r = k % 2 ? 0.45 : 1, at = (k / 5 - 0.5) * Math.PI; return [r * Math.cos(at), r * Math.sin(at)]; });
const OUTLINES = {  // corners within a circle of radius 1
  square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]], diamond: [[0, -1], [0.66, 0], [0, 1], [-0.66, 0]],
  triangle: [[0, -1], [0.9, 0.7], [-0.9, 0.7]], inverted_triangle: [[0, 1], [0.9, -0.7], [-0.9, -0.7]], hex: HEX, star: STAR,
};

class Canvas {
  constructor(element) {
    this.element = element;
    this.pen = element.getContext("2d");
    this.stamps = new Map();
  }

  /** Wipe it, as large as the map is now; from here on `at` turns metres into pixels. */
  begin(map) {
    const { element, pen } = this, sharp = window.devicePixelRatio || 1, { clientWidth, clientHeight } = map.element;
    if (element.width !== Math.round(clientWidth * sharp) || element.height !== Math.round(clientHeight * sharp)) {
      element.width = Math.round(clientWidth * sharp);
      element.height = Math.round(clientHeight * sharp);
    }
    if (this.sharp !== sharp) { this.sharp = sharp; this.stamps.clear(); }
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, clientWidth, clientHeight);
    pen.globalAlpha = 1;
    [this.x0, this.y0, this.perM, this.wide, this.high] = [map.xr.start, map.yr.end, 1 / map.mpp, clientWidth, clientHeight];
  }

  px(x) { return (x - this.x0) * this.perM; }
  py(y) { return (this.y0 - y) * this.perM; }

  /** A shape at a place. `look`: marker, size, fill and line (null: none), width; `nose`: a line ahead. */
  stamp(look, x, y, alpha = 1, heading = 0, nose = false) {
    const px = this.px(x), py = this.py(y);
    if (!(px > -20 && py > -20 && px < this.wide + 20 && py < this.high + 20)) return;
    const direction = look.marker === "triangle" ? Math.round(heading / 360 * DIRECTIONS) % DIRECTIONS : 0;
    const key = `${look.marker} ${look.size} ${look.fill} ${look.line} ${direction} ${nose}`;
    let made = this.stamps.get(key);
    if (!made) this.stamps.set(key, made = this.cut(look, direction * 2 * Math.PI / DIRECTIONS, nose));
    if (this.pen.globalAlpha !== alpha) this.pen.globalAlpha = alpha;
    this.pen.drawImage(made, px - made.half, py - made.half, 2 * made.half, 2 * made.half);
  }

  cut(look, turn, nose) {
    const half = Math.ceil(look.size / 2 + (nose ? NOSE_PX : 3)), made = document.createElement("canvas"), pen = made.getContext("2d");
    made.width = made.height = 2 * half * this.sharp;
    made.half = half;
    pen.setTransform(this.sharp, 0, 0, this.sharp, half * this.sharp, half * this.sharp);
    pen.rotate(turn);
    pen.lineWidth = look.width ?? 1.5;
    pen.fillStyle = look.fill ?? "transparent";
    pen.strokeStyle = look.line;
    if (nose) { pen.save(); pen.lineWidth = 2.5; line(pen, 0, 0, 0, -NOSE_PX); pen.restore(); }
    outline(pen, look.marker, look.size / 2);
    return made;
  }

  ring(x, y, radius, width, colour) {
    this.pen.globalAlpha = 1;
    this.pen.lineWidth = width;
    this.pen.strokeStyle = colour;
    this.pen.beginPath();
    this.pen.arc(this.px(x), this.py(y), radius, 0, 2 * Math.PI);
    this.pen.stroke();
  }

  /** Dotted, a little filled: somewhere in here. */
  disc(x, y, radius_m, colour) {
    const { pen } = this, px = this.px(x), py = this.py(y), radius = radius_m * this.perM;
    if (!(radius > 8) || px + radius < 0 || py + radius < 0 || px - radius > this.wide || py - radius > this.high) return;
    pen.beginPath();
    pen.arc(px, py, radius, 0, 2 * Math.PI);
    pen.fillStyle = pen.strokeStyle = colour;
    pen.globalAlpha = 0.05;
    pen.fill();
    pen.globalAlpha = 0.8;
    pen.lineWidth = 1;
    pen.setLineDash([1.5, 3]);
    pen.stroke();
    pen.setLineDash([]);
  }

  label({ text, xs, ys, row, dx, dy, wide }, theme) {
    const { pen } = this, x = this.px(xs[row]) + dx, y = this.py(ys[row]) + dy;
    pen.globalAlpha = 0.82;
    pen.fillStyle = theme.halo;
    pen.beginPath();
    pen.roundRect(x, y - 8.5, wide, 17, 3);
    pen.fill();
    pen.globalAlpha = 1;
    pen.fillStyle = theme.ink;
    pen.font = LABELS.font;
    pen.textBaseline = "middle";
    pen.fillText(text, x + 3, y + 0.5);
  }
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

/** A marker of Bokeh's name around the origin; `_cross` and `_x` are lines within. */
function outline(pen, marker, r) {
  const [shape] = marker === "inverted_triangle" ? [marker] : marker.split("_"), inner = marker.endsWith("_cross") ? "cross" : marker.endsWith("_x") || marker === "x" ? "x" : "";
  if (shape !== "x") {
    pen.beginPath();
    if (shape === "circle") pen.arc(0, 0, r, 0, 2 * Math.PI);
    else OUTLINES[shape].forEach(([x, y], k) => { if (k) pen.lineTo(r * x, r * y); else pen.moveTo(r * x, r * y); });
    pen.closePath();
    pen.fill();
    pen.stroke();
  }
  const d = shape === "circle" || inner === "cross" ? r : 0.9 * r;
  if (inner === "cross") { line(pen, -d, 0, d, 0); line(pen, 0, -d, 0, d); }
  if (inner === "x") { line(pen, -d, -d, d, d); line(pen, -d, d, d, -d); }
}
