// What is selected: a vehicle with its route, an order, and what can be done about them.

function choose(vehicle, order = -1) {
  view.vehicle = vehicle;
  view.order = order;
  view.sure = null;
  view.map.choose(vehicle, order);
  view.table.choose(vehicle);
  showDetail();
}

function showDetail() {
  const cards = [];
  if (view.vehicle >= 0) cards.push(vehicleCard(view.vehicle));
  if (view.order >= 0) cards.push(orderCard(view.order));
  $("detail").replaceChildren(...cards);
}

function vehicleCard(i) {
  const p = view.parts, [id, driver, kind, depot] = p.vehicles[i];
  const list = make("ol", {});
  for (let k = p["route.start"][i]; k < p["route.start"][i + 1]; k++) {
    const o = p["route.order"][k], row = make("button", {},
      make("span", { className: "quiet num", textContent: k - p["route.start"][i] + 1 }),
      mark(orderLook(o), p.orders[o][0]),
      make("span", { className: "quiet", textContent: window_(o) }),
      make("span", { className: "num", textContent: k === p["route.start"][i] ? atS(p.next_s[i]) : "" }));
    row.onclick = () => choose(i, o);
    list.append(make("li", {}, row));
  }
  const card = make("div", { className: "card" },
    make("h2", {}, id, mark(vehicleLook(i))),
    make("p", { textContent: `${driver || "no driver"} · ${kind.replaceAll("_", " ")} · depot ${depot} · last heard ${atS(p.heard_s[i], true)}, ${ago(p.age_s[i])} ago` }));
  if (p.clock.can_command) card.append(assignForm(i));
  card.append(list.children.length ? list : make("p", { textContent: "Nothing left on its route." }));
  return card;
}

function assignForm(i) {
  const p = view.parts, form = make("form", { className: "do" });
  const input = make("input", { placeholder: "Give it an open order", autocomplete: "off", "aria-label": "Order to assign" });
  const options = make("datalist", { id: "open-orders" });
  const open = p.orders.map((_, o) => o).filter(o => orderOpen(o) && p["order.vehicle"][o] !== i);
  open.sort((a, b) => p["order.state"][a] - p["order.state"][b]);
  options.append(...open.slice(0, 500).map(o => make("option", { value: p.orders[o][0], label: `${orderLook(o).text}, ${window_(o)}` })));
  input.setAttribute("list", "open-orders");
  form.append(input, options, make("button", { textContent: "Assign", id: "assign" }));
  form.onsubmit = event => {
    event.preventDefault();
    act({ do: "assign", order_id: input.value.trim(), vehicle_id: p.vehicles[i][0] });
    $("assign").blur();
    input.blur();
  };
  return form;
}

function orderCard(o) {
  const p = view.parts, [id, customer] = p.orders[o], who = p["order.vehicle"][o];
  const card = make("div", { className: "card" },
    make("h2", {}, id, mark(orderLook(o))),
    make("p", { textContent: `${customer} · ${window_(o)} · ${who >= 0 ? p.vehicles[who][0] : "no vehicle yet"}` }));
  if (!p.clock.can_command || !orderOpen(o)) return card;
  const buttons = make("div", { className: "do" });
  if (view.vehicle >= 0 && view.vehicle !== who) {
    const give = make("button", { textContent: `Give to ${p.vehicles[view.vehicle][0]}`, className: "primary" });
    give.onclick = () => act({ do: "assign", order_id: id, vehicle_id: p.vehicles[view.vehicle][0] });
    buttons.append(give);
  } else if (who >= 0) {
    const look = make("button", { textContent: `Show ${p.vehicles[who][0]}` });
    look.onclick = () => choose(who, o);
    buttons.append(look);
  }
  const cancel = make("button", { textContent: view.sure === o ? "Really cancel it" : "Cancel order", className: "danger", id: "cancel" });
  cancel.onclick = () => {
    if (view.sure === o) { view.sure = null; act({ do: "cancel_order", order_id: id }); } else view.sure = o;
    showDetail();
  };
  buttons.append(cancel);
  card.append(buttons);
  return card;
}
