// The table of vehicles: only the rows in sight exist, every cell is text.

const ROW_PX = 30;

class Table {
  constructor(element, columns, onchoose) {
    this.columns = columns;
    this.onchoose = onchoose;
    this.order = [];
    this.chosen = -1;
    this.sort = null;
    this.head = make("div", { className: "tr th", role: "row" }, ...columns.map((column, k) => {
      const button = make("button", { textContent: column.title, title: column.hint ?? "", className: column.num ? "num" : "" });
      button.onclick = () => this.sortBy(k);
      return button;
    }));
    this.body = make("div", { className: "rows", tabIndex: 0, role: "listbox", "aria-label": "Vehicles" });
    this.space = make("div", { role: "presentation" });
    this.space.style.cssText = "position:relative;border:0;background:none;box-shadow:none";
    this.body.append(this.space);
    element.append(this.head, this.body);
    this.body.addEventListener("scroll", () => this.draw());
    this.body.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.body);
  }

  fill(count) {
    if (this.order.length !== count) this.order = Array.from({ length: count }, (_, i) => i);
    if (this.sort) this.arrange();
    this.space.style.height = `${count * ROW_PX}px`;
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
    this.order.sort((a, b) => a - b);
    if (!this.sort) return;
    const { k, sign } = this.sort, value = this.columns[k].value;
    const rank = v => typeof v === "number" && !Number.isFinite(v) ? -Infinity : v;
    this.order.sort((a, b) => {
      const [x, y] = [rank(value(a)), rank(value(b))];
      return sign * (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x === y ? 0 : x < y ? -1 : 1);
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW_PX) - 2);
    const last = Math.min(this.order.length, first + Math.ceil(this.body.clientHeight / ROW_PX) + 5);
    const rows = [this.space];
    for (let place = first; place < last; place++) {
      const i = this.order[place];
      const row = make("div", { className: "tr", role: "option", "aria-selected": String(i === this.chosen) },
        ...this.columns.map(column => column.cell(i)));
      row.style.cssText = `top:${place * ROW_PX}px;height:${ROW_PX}px`;
      row.onclick = () => this.onchoose(i);
      rows.push(row);
    }
    this.body.replaceChildren(...rows);
  }

  choose(i) {
    this.chosen = i;
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
    this.onchoose(this.order[place]);
  }
}

function columns() {
  const p = view.parts, text = (value, className = "") => make("span", { textContent: value, className, title: value });
  return [
    { title: "Vehicle", value: i => p.vehicles[i][0], cell: i => text(p.vehicles[i][0], "who") },
    { title: "State", value: i => vehicleLook(i).text, cell: i => mark(vehicleLook(i)) },
    { title: "Stop", num: true, value: i => p.done[i], cell: i => text(p.stops[i] ? `${p.done[i]}/${p.stops[i]}` : "", "num"), hint: "Visits done of those planned" },
    { title: "Heard", num: true, value: i => p.age_s[i], cell: i => text(ago(p.age_s[i]), p.age_s[i] > OLD_S && p.state[i] ? "num stale" : "num"), hint: "How long ago head office last knew where it was" },
    { title: "Next stop", value: i => p.next_s[i], cell: i => text(p.next[i] >= 0 ? `${atS(p.next_s[i])} ${p.orders[p.next[i]][0]}` : ""), hint: "Planned arrival and order" },
    { title: "Late", num: true, value: i => p.behind_s[i], cell: i => text(lateness(p.behind_s[i]), p.behind_s[i] > 300 ? "num late" : "num"), hint: "Against the plan, as far as known" },
  ];
}
