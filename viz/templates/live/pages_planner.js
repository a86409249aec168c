// The planner's page: KPIs against what is expected of them, their trend, and the way down to an order, a trip, a driver.

const planner = { kpi: null, sub: "figures" };

registerPage("planner", {
  title: "Planner",
  build(root) {
    planner.views = { figures: make("div", { className: "split figures" }), orders: make("div", { className: "split" }), crews: make("div", { className: "split" }) };
    planner.switch = choices("Planner", { figures: "Figures", orders: "Orders", crews: "Vehicles and drivers" }, name => {
      planner.sub = name;
      for (const [other, view_] of Object.entries(planner.views)) view_.hidden = other !== name;
      showPlanner(view.parts, new Set(Object.keys(view.parts)));
    });
    root.append(planner.switch, ...Object.values(planner.views));
    buildFigures(planner.views.figures);
    buildOrders(planner.views.orders);
    buildCrews(planner.views.crews);
  },
  show(parts, changed) {
    if (!planner.switch.querySelector("[aria-pressed=true]")) planner.switch.choose(planner.sub);
    showPlanner(parts, changed);
  },
});

function showPlanner(p, changed) {
  if (planner.sub === "figures" && hasAny(changed, "kpi_table", "trend.s", "truth.kpi_table")) showFigures(p);
  if (planner.sub === "orders" && hasAny(changed, "orders", "order.state", "order.vehicle")) planner.orders.fill(ordersWanted());
  if (planner.sub === "crews" && hasAny(changed, "vehicles", "state", "done", "age_s", "behind_s")) planner.crews.fill([...p.vehicles.keys()]);
}

// --- figures ---

function buildFigures(root) {
  planner.lists = make("div", { className: "stack" });
  planner.chart = make("div", { className: "chart" });
  planner.about = make("div", { className: "about" });
  root.append(planner.lists, make("section", { className: "panel sticky", "aria-label": "Trend" }, planner.about, planner.chart));
  new ResizeObserver(() => drawTrend(view.parts)).observe(planner.chart);
}

function showFigures(p) {
  const rows = p.kpi_table.filter(kpi => kpi.value !== null || kpi.range);
  if (!rows.length) {
    planner.lists.replaceChildren(panel("Figures", "", nothing("The first figures are read five minutes into the day.")));
    drawTrend(p);
    return;
  }
  planner.kpi ??= (rows.find(kpi => kpi.range) ?? rows[0]).name;
  const groups = [
    ["Expected to be within a range", "What the scenario expects of the whole day; early in the day many are still on their way.", rows.filter(kpi => kpi.range)],
    ["Leading", "They move first, while something can still be done.", rows.filter(kpi => !kpi.range && kpi.kind === "leading")],
    ["Lagging", "They say how the day went.", rows.filter(kpi => !kpi.range && kpi.kind !== "leading")],
  ];
  const blank = p.kpi_table.filter(kpi => kpi.value === null && !kpi.range).map(kpi => kpiName(kpi.name));
  const read = make("p", { className: "quiet lead", textContent: `Read every five minutes of the day, last at ${atS(p["trend.s"].at(-1))}; the figures on top every minute.` });
  const lists = groups.filter(group => group[2].length).map(([title, note, kpis]) => panel(title, note, figureTable(title, kpis, p)));
  const open = planner.lists.querySelector("details")?.open ?? false;
  if (blank.length) lists.push(make("details", { className: "blank", open }, make("summary", { textContent: "Without a value so far, or not to be had from what head office knows" }), make("p", { textContent: blank.join(" · ") })));
  renew(planner.lists, read, ...lists);
  drawTrend(p);
}

function figureTable(label, kpis, p) {
  const table = shortTable(label, [
    { title: "Figure", cell: kpi => kpiName(kpi.name) },
    { title: "So far", num: true, cell: kpi => quantity(kpi.value, kpi.unit) },
    { title: "Expected", num: true, cell: kpi => kpi.range ? rangeText(kpi.range, kpi.unit) : "" },
    { title: "", cell: standing },
    { title: "Trend", cell: kpi => sparkline(p["trend.s"], p[`trend.${kpi.name}`], kpi.unit, kpi.range) },
  ], kpis, { key: kpi => kpi.name, onpick: kpi => { planner.kpi = kpi.name; showFigures(view.parts); } });
  if (label !== "Expected to be within a range") for (const row of table.rows) { row.deleteCell(3); row.deleteCell(2); }
  table.querySelector(`tr[data-row="${CSS.escape(planner.kpi)}"]`)?.setAttribute("aria-selected", "true");
  return table;
}

const BETTER = { higher: "higher is better", lower: "lower is better", neither: "neither high nor low is better as such" };

function drawTrend(p) {
  const kpi = p.kpi_table.find(one => one.name === planner.kpi);
  planner.about.replaceChildren();
  if (!kpi) { planner.chart.replaceChildren(nothing("No figures yet.")); return; }
  const real = view.map.truth ? p["truth.kpi_table"]?.find(one => one.name === kpi.name) : null;
  const about = [BETTER[kpi.better], `looked after by the ${kpi.owner}`];
  planner.about.append(
    make("h2", { textContent: kpiName(kpi.name) }),
    make("p", { className: "big" }, quantity(kpi.value, kpi.unit), real ? make("span", { className: "real", textContent: `${quantity(real.value, kpi.unit)} in truth` }) : "", standing(kpi)),
    make("p", { className: "quiet", textContent: about.join(" · ") }));
  if (p[`trend.${kpi.name}`]) lineChart(planner.chart, trendOf(kpi.name, kpi));
  else planner.chart.replaceChildren(nothing("No series is kept of this figure. Those with a small line beside them have one."));
}

// --- orders ---

function buildOrders(root) {
  const made = longTable("Orders", "minmax(4.5rem, 1fr) minmax(5rem, 1.2fr) minmax(9rem, 1.5fr) 7rem minmax(5rem, 1fr)", [
    { title: "Order", value: o => orderName(o), cell: o => cell(orderName(o), "who") },
    { title: "Customer", value: o => view.parts.orders[o][1], cell: o => cell(view.parts.orders[o][1]) },
    { title: "State", value: o => orderLook(o).text, cell: o => mark(orderLook(o)) },
    { title: "Window", value: o => view.parts["order.opens_s"][o], cell: o => cell(window_(o)) },
    { title: "Vehicle", value: o => carrierOf(o), cell: o => cell(carrierOf(o)) },
  ], o => { planner.orders.choose(o); lookUpOrder(orderName(o), planner.orderDoc); planner.orderDoc.scrollIntoView({ block: "nearest" }); });
  planner.orders = made.table;
  const states = make("select", { "aria-label": "Which orders" }, make("option", { value: "", textContent: "all states" }), ...Object.entries(LOOKS.orders).map(([state, look]) => make("option", { value: state, textContent: look.text })));
  const named = make("input", { type: "search", placeholder: "Order or customer", "aria-label": "Order or customer" });
  planner.wanted = { states, named };
  for (const input of [states, named]) input.addEventListener("input", () => planner.orders.fill(ordersWanted()));
  planner.orderDoc = make("section", { className: "panel doc", "aria-label": "The order", "aria-live": "polite" }, nothing("Choose an order: its story is told here."));
  root.append(make("section", { className: "panel list", "aria-label": "Orders" }, make("div", { className: "sieve" }, named, states), made.root), planner.orderDoc);
}

const carrierOf = o => view.parts["order.vehicle"][o] >= 0 ? vehicleName(view.parts["order.vehicle"][o]) : "";

function ordersWanted() {
  const p = view.parts, state = planner.wanted.states.value, part = planner.wanted.named.value.trim().toLowerCase();
  const all = [...p.orders.keys()];
  return all.filter(o => (!state || p.day.order_states[p["order.state"][o]] === state) && (!part || p.orders[o].some(text => text.toLowerCase().includes(part))));
}

// --- vehicles and drivers ---

function buildCrews(root) {
  const made = longTable("Vehicles and drivers", "minmax(5rem, 1fr) minmax(5rem, 1.1fr) minmax(8rem, 1.3fr) 4rem 5rem 5rem", [
    { title: "Vehicle", value: i => vehicleName(i), cell: i => cell(vehicleName(i), "who") },
    { title: "Driver", value: i => view.parts.vehicles[i][1], cell: i => cell(view.parts.vehicles[i][1]) },
    { title: "State", value: i => vehicleLook(i).text, cell: i => mark(vehicleLook(i)) },
    { title: "Stop", num: true, value: i => view.parts.done[i], cell: i => cell(view.parts.stops[i] ? `${view.parts.done[i]}/${view.parts.stops[i]}` : "", "num") },
    { title: "Late", num: true, value: i => view.parts.behind_s[i], cell: i => cell(lateness(view.parts.behind_s[i]), "num") },
    { title: "Heard", num: true, value: i => view.parts.age_s[i], cell: i => cell(ago(view.parts.age_s[i]), "num") },
  ], i => { planner.crews.choose(i); lookUpVehicle(vehicleName(i), planner.crewDoc); planner.crewDoc.scrollIntoView({ block: "nearest" }); });
  planner.crews = made.table;
  planner.crewDoc = make("section", { className: "panel doc", "aria-label": "The vehicle", "aria-live": "polite" }, nothing("Choose a vehicle: its trips are listed here."));
  root.append(make("section", { className: "panel list", "aria-label": "Vehicles and drivers" }, made.root), planner.crewDoc);
}
