// Long tables: only the rows in sight exist, every cell is text. Rows are numbers: places in the parts.

const ROW_PX = 30;

class Table {
  /** `onchoose(i, rows)`: a row; where several can be chosen (`many`), those from it back to the one before, or null.
   *  `drag(i)`: what is dragged with a row, as `takeUp` wants it. */
  constructor(element, label, columns, onchoose, { drag, many = false } = {}) {
    this.columns = columns;
    this.onchoose = onchoose;
    this.drag = drag;
    this.many = many;
    this.rows = [];
    this.order = [];
    this.chosen = this.from = -1;
    this.also = new Set();
    this.sort = null;
    this.head = make("div", { className: "tr th", role: "row" }, ...columns.map((column, k) => {
      const button = make("button", { textContent: column.title, title: column.hint ?? "", className: column.num ? "num" : "" });
      button.onclick = () => this.sortBy(k);
      return button;
    }));
    this.body = make("div", { className: "rows", tabIndex: 0, role: "listbox", "aria-label": label, "aria-multiselectable": String(many) });
    this.space = make("div", { role: "presentation" });
    this.space.style.cssText = "position:relative;border:0;background:none;box-shadow:none";
    this.body.append(this.space);
    element.append(this.head, this.body);
    this.body.addEventListener("scroll", () => this.draw());
    this.body.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.body);
  }

  /** The rows there are, in the order they have while nobody sorts them. */
  fill(rows) {
    this.rows = rows;
    this.arrange();
    this.space.style.height = `${rows.length * ROW_PX}px`;
    this.draw();
  }

  sortBy(k) {
    if (this.sort?.k !== k) this.sort = { k, sign: 1 };
    else this.sort = this.sort.sign > 0 ? { k, sign: -1 } : null;
    [...this.head.children].forEach((button, i) => {
      button.textContent = this.columns[i].title + (this.sort?.k === i ? (this.sort.sign > 0 ? " ↑" : " ↓") : "");
    });
    this.arrange();
    this.draw();
  }

  arrange() {
    this.order = [...this.rows];
    if (!this.sort) return;
    const { k, sign } = this.sort, value = this.columns[k].value;
    const rank = v => typeof v === "number" && !Number.isFinite(v) ? -Infinity : v;
    this.order.sort((a, b) => {
      const [x, y] = [rank(value(a)), rank(value(b))];
      return sign * (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x === y ? 0 : x < y ? -1 : 1);
    });
  }

  draw() {
    if (!this.body.clientHeight) return;  // not on the screen
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW_PX) - 2);
    const last = Math.min(this.order.length, first + Math.ceil(this.body.clientHeight / ROW_PX) + 5);
    const rows = [this.space];
    for (let place = first; place < last; place++) {
      const i = this.order[place];
      const row = make("div", { className: "tr", role: "option", "aria-selected": String(i === this.chosen || this.also.has(i)), "aria-current": String(i === this.chosen) },
        ...this.columns.map(column => column.cell(i)));
      row.style.cssText = `top:${place * ROW_PX}px;height:${ROW_PX}px`;
      row.dataset.row = i;
      row.onclick = event => this.pick(i, event.shiftKey);
      if (this.drag) takeUp(row, this.drag(i));
      rows.push(row);
    }
    this.body.replaceChildren(...rows);
  }

  /** Somebody points at a row; `on`: with all rows from the last one they pointed at. */
  pick(i, on) {
    const place = this.order.indexOf(i), from = this.many && on ? this.order.indexOf(this.from) : -1;
    if (from < 0) { this.from = i; this.onchoose(i, null); return; }
    const rows = this.order.slice(Math.min(from, place), Math.max(from, place) + 1);
    this.onchoose(i, from < place ? rows.reverse() : rows);
  }

  /** Show a row as chosen, and others beside it. */
  choose(i, also = []) {
    this.chosen = i;
    this.also = new Set(also);
    if (!this.also.has(this.from)) this.from = i;
    const place = this.order.indexOf(i), top = place * ROW_PX;
    if (place >= 0 && (top < this.body.scrollTop || top + ROW_PX > this.body.scrollTop + this.body.clientHeight)) {
      this.body.scrollTop = Math.max(0, top - this.body.clientHeight / 2);
    }
    this.draw();
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!by || !this.order.length) return;
    event.preventDefault();
    const place = Math.min(this.order.length - 1, Math.max(0, this.order.indexOf(this.chosen) + by));
    this.pick(this.order[place], event.shiftKey);
  }
}

const cell = (value, className = "") => make("span", { textContent: value, className, title: value });

/** The fleet, each as head office knows it; an order dropped on a row is given to that vehicle. */
function vehicleTable(root) {
  const p = view.parts;
  const state = i => {
    const signs = [p.held[i] ? "told to wait" : "", p.under_way[i] ? `${p.under_way[i]} sent, not answered` : ""].filter(Boolean);
    const shown = mark(vehicleLook(i));
    if (signs.length) shown.append(make("span", { className: "sign", textContent: (p.held[i] ? "❙❙" : "") + (p.under_way[i] ? `↑${p.under_way[i]}` : ""), title: signs.join("; "), "aria-label": signs.join("; ") }));
    return shown;
  };
  const table = new Table(root, "Vehicles", [
    { title: "Vehicle", value: vehicleName, cell: i => cell(vehicleName(i), "who") },
    { title: "State", value: i => vehicleLook(i).text, cell: state },
    { title: "Stop", num: true, value: i => p.done[i], cell: i => cell(p.stops[i] ? `${p.done[i]}/${p.stops[i]}` : "", "num"), hint: "Visits done of those planned" },
    { title: "Heard", num: true, value: i => p.age_s[i], cell: i => cell(ago(p.age_s[i]), p.age_s[i] > OLD_S && p.state[i] ? "num stale" : "num"), hint: "How long ago head office last knew where it was" },
    { title: "Next stop", value: i => p.next_s[i], cell: i => cell(p.next[i] >= 0 ? `${atS(p.next_s[i])} ${orderName(p.next[i])}` : ""), hint: "Planned arrival and order" },
    { title: "Late", num: true, value: i => p.behind_s[i], cell: i => cell(lateness(p.behind_s[i]), p.behind_s[i] > 300 ? "num late" : "num"), hint: "Against the plan, as far as known" },
  ], (i, rows) => rows ? chooseRows(rows) : choose(i), { many: true });
  dropOn(table.body, event => Number(event.target.closest(".tr")?.dataset.row ?? -1));
  return table;
}

// --- an order taken up with the mouse and dropped on a vehicle ---

/** Let `element` be dragged; `what` is {order} or {stop}. */
function takeUp(element, what) {
  element.draggable = true;
  element.addEventListener("dragstart", event => {
    view.dragged = what;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.stopPropagation();
  });
}

/** Take orders dropped on `root`; `rowOf(event)` is the vehicle under the mouse, -1 none. */
function dropOn(root, rowOf) {
  const given = () => view.dragged?.order !== undefined && can("assign");
  for (const kind of ["dragenter", "dragover"]) {
    root.addEventListener(kind, event => {
      if (!given()) return;
      const row = rowOf(event);
      hover(row);
      if (row >= 0) event.preventDefault();
    });
  }
  root.addEventListener("dragleave", event => { if (!root.contains(event.relatedTarget)) hover(-1); });
  root.addEventListener("drop", event => {
    const row = rowOf(event);
    hover(-1);
    if (!given() || row < 0) return;
    event.preventDefault();
    give(view.dragged.order, row);
  });
}

function hover(row) {
  for (const element of document.querySelectorAll("#table .tr[data-row]")) element.classList.toggle("target", Number(element.dataset.row) === row);
}

const give = (o, i, position) => act({ do: "assign", order_id: orderName(o), vehicle_id: vehicleName(i), ...(position === undefined ? {} : { position }) });
