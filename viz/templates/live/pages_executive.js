// The executive's page: the day in three sentences, what it costs, how customers fare.

const executive = {};
const costName = name => (LOOKS.costs[name] ?? words(name)).replace(/^./, letter => letter.toUpperCase());

registerPage("executive", {
  title: "Executive",
  build(root) {
    executive.said = make("div", { className: "said" });
    executive.items = make("div", {});
    const chart = () => make("div", { className: "chart" });
    const titles = { cost_eur: "Cost so far, €", cost_per_stop_eur: "Cost per stop, €", delivered_share: "Delivered, of orders due", on_time_share: "On time, of orders due", late_orders: "Late orders" };
    executive.charts = Object.fromEntries(Object.keys(titles).map(name => [name, chart()]));
    root.append(executive.said, make("div", { className: "grid three" },
      panel("What it has cost", "By what it was spent on.", executive.items),
      ...Object.entries(executive.charts).map(([name, host]) => panel(titles[name], "", host))));
    new ResizeObserver(() => drawExecutive(view.parts)).observe(root);
  },
  show(p, changed) {
    if (hasAny(changed, "kpi_table", "kpis", "money", "exceptions", "clock")) executive.said.replaceChildren(...sentences(p));
    if (hasAny(changed, "money")) showMoney(p);
    if (hasAny(changed, "trend.s")) drawExecutive(p);
  },
});

/** Service, money, and what is in the way: one sentence each. */
function sentences(p) {
  const kpis = new Map(p.kpi_table.map(kpi => [kpi.name, kpi])), strip = new Map(p.kpis.map(kpi => [kpi.name, kpi]));
  const value = name => kpis.get(name)?.value ?? null, text = name => quantity(value(name), kpis.get(name)?.unit);
  const delivered = strip.get("delivered"), on_time = strip.get("on_time_share");
  const service = `${p.clock.ended ? "Over the day" : `By ${localTime(p.clock.now_us, false)}`}, ${number(delivered.value)} of ${number(delivered.of)} orders ${p.clock.ended ? "were" : "are"} delivered`
    + (on_time.value === null ? "; none was due yet." : `; of those due, ${figure(on_time)} came on time${expectedText(kpis.get("on_time_share"))}.`);
  const money = !p.kpi_table.length ? "Costs are counted from five minutes into the day." : `The day has cost ${euros(p.money.total_eur)}${value("cost_per_stop_eur") === null ? "" : `, ${text("cost_per_stop_eur")}`}${costliest(p)}.`;
  const open = p.exceptions.filter(e => e.state !== "resolved"), late = strip.get("late_orders"), waiting_ = strip.get("orders_waiting");
  const trouble = [late.value ? `${number(late.value)} late ${late.value === 1 ? "order" : "orders"}` : "", waiting_?.value ? `${number(waiting_.value)} waiting for a vehicle` : "", open.length ? `open exceptions about ${listed([...new Set(open.map(e => e.subject))])}` : ""].filter(Boolean);
  const [bad, good] = p.clock.ended ? ["Left behind", "Nothing is left behind: no order was late"] : ["In the way", "Nothing stands in the way: no order is late"];
  const way = trouble.length ? `${bad}: ${trouble.join(", ")}.` : `${good} and no exception is open.`;
  return [service, money, way].map(sentence => make("p", { textContent: sentence }));
}

function expectedText(kpi) {
  if (!kpi?.range || kpi.value === null) return "";
  const [low, high] = kpi.range;
  return `, ${kpi.value < low ? "below" : kpi.value > high ? "above" : "within"} the ${rangeText(kpi.range, kpi.unit)} expected of the day`;
}

const listed = names => names.length > 3 ? `${names.slice(0, 3).join(", ")} and others` : names.join(", ");

function costliest(p) {
  const [first] = Object.entries(p.money.items_eur).sort((a, b) => b[1] - a[1]);
  return first?.[1] > 0 ? `, the largest part of it for ${costName(first[0]).replace(/^[A-Z](?=[a-z])/, letter => letter.toLowerCase())}` : "";
}

function showMoney(p) {
  const items = Object.entries(p.money.items_eur).filter(([, eur]) => eur > 0).sort((a, b) => b[1] - a[1]);
  executive.items.replaceChildren(...(items.length
    ? [make("p", { className: "big", textContent: euros(p.money.total_eur) }), bars("Cost by what it was spent on", items.map(([name, eur]) => [costName(name), eur]), euros)]
    : [nothing("Nothing has been spent yet.")]));
}

function drawExecutive(p) {
  if (view.page !== "executive" || !p.kpi_table) return;
  for (const [name, host] of Object.entries(executive.charts)) {
    const kpi = p.kpi_table.find(one => one.name === name);
    if (kpi) lineChart(host, trendOf(name, kpi)); else host.replaceChildren(nothing("Drawn from five minutes into the day."));
  }
}
