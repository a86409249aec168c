// The list of orders: by words in their name or customer, and by how they stand.

const STANDS = {
  all: ["All", () => true],
  open: ["To do", o => orderOpen(o)],
  waiting: ["No vehicle", o => orderOpen(o) && view.parts["order.vehicle"][o] < 0],
  trouble: ["In trouble", o => ["overdue", "late", "failed", "left_out"].includes(orderStand(o))],
  done: ["Delivered", o => ["on_time", "late"].includes(orderStand(o))],
};
const orderStand = o => view.parts.day.order_states[view.parts["order.state"][o]];

/** Rows of the orders that have all the words in their name or customer, in any case. */
function ordersWith(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean), found = [];
  view.parts.orders.forEach(([id, customer], o) => {
    const own = `${id} ${customer}`.toLowerCase();
    if (wanted.every(word => own.includes(word))) found.push(o);
  });
  return found;
}

function showOrders() {
  const stand = STANDS[$("orders-stand").value][1], found = ordersWith($("orders-words").value).filter(stand);
  $("orders-empty").hidden = found.length > 0;
  view.orderTable.fill(found);
  view.orderTable.choose(view.order);
  $("add-order").hidden = !offered("add_order");
  $("add-order").disabled = !can("add_order");
}

registerPanel("orders", {
  title: "Orders",
  build(root) {
    const text = make("input", { id: "orders-words", type: "search", placeholder: "Order or customer", "aria-label": "Order or customer", autocomplete: "off" });
    const stand = make("select", { id: "orders-stand", "aria-label": "Which orders" }, ...Object.entries(STANDS).map(([value, [textContent]]) => make("option", { value, textContent })));
    text.oninput = stand.onchange = showOrders;
    root.append(make("div", { className: "do" }, text, stand, button("New order", openOrderForm, { id: "add-order", title: "Key o" })));
    const p = view.parts, whose = o => p["order.vehicle"][o] >= 0 ? vehicleName(p["order.vehicle"][o]) : "";
    const list = make("div", { className: "table" });
    root.append(list, make("p", { id: "orders-empty", className: "empty", textContent: "No order is like that.", hidden: true }));
    view.orderTable = new Table(list, "Orders", [
      { title: "Order", value: orderName, cell: o => cell(orderName(o), "who") },
      { title: "State", value: o => orderLook(o).text, cell: o => mark(orderLook(o)) },
      { title: "Window", value: o => p["order.opens_s"][o], cell: o => cell(window_(o)) },
      { title: "Vehicle", value: whose, cell: o => cell(whose(o)) },
      { title: "Customer", value: o => p.orders[o][1], cell: o => cell(p.orders[o][1]) },
    ], o => choose(p["order.vehicle"][o], o), { drag: may("assign") ? o => ({ order: o }) : undefined });
  },
  show: showOrders,
  count: () => view.parts["order.state"].reduce((n, _, o) => n + STANDS.waiting[1](o), 0),
});
