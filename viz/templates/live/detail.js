// What is selected: a card for the order, a card for the vehicle. Forms in a card are built once; around them it is renewed.

/** Select a vehicle and an order (rows; -1 none): on the map, in the lists, and in the cards. `also`: a vehicle beside
 *  those whose ways are on the map already, or away with it. */
function choose(vehicle, order = -1, also = false) {
  view.map.choose(vehicle, order, also);
  chosen(order);
}

/** Select several vehicles, the first of which has the card and so many as can be looked at, and an order. */
function chooseRows(vehicles, order = -1) {
  view.map.lookAt(vehicles, order);
  if (vehicles.length > MOST_LOOKED_AT) toast({ ok: true, text: `Ways of ${MOST_LOOKED_AT} vehicles at a time can be shown.` });
  chosen(order);
}

/** What the map has selected is selected everywhere. */
function chosen(order) {
  const same = view.map.vehicle === view.vehicle && order === view.order;
  view.vehicle = view.map.vehicle;
  view.order = order;
  view.table.choose(view.vehicle, view.map.looked);
  view.orderTable.choose(order);
  if (!same || !$("detail").children.length) buildDetail();
}

/** Nobody has heard of the selected order yet, at the moment looked back at. */
function forgetOrder() {
  view.order = view.map.order = -1;
  buildDetail();
}

const NOTHING = "Choose a vehicle or an order, in a list or on the map: how it stands and what can be done about it is shown here.";

function buildDetail() {
  if ($("detail").querySelector(".order-form")) leaveOrderForm();
  view.draft = null;
  view.cards = [];
  if (view.order >= 0) view.cards.push(orderCard(view.order));
  if (view.vehicle >= 0) view.cards.push(vehicleCard(view.vehicle));
  $("detail").replaceChildren(...(view.cards.length ? view.cards.map(card => card.root) : [make("p", { className: "quiet", textContent: NOTHING })]));
  $("detail").scrollTop = 0;
  showDetail();
}

function showDetail() { for (const card of view.cards ?? []) card.show(); }

/** A vehicle as head office knows it, what can be asked of it, what is under way, and the stops ahead of it. */
function vehicleCard(i) {
  const id = vehicleName(i), head = make("h2"), facts = make("p"), slot = make("div", { id: "vehicle-line" });
  const sent = make("ol", { className: "sends" }), route = make("ol", { className: "route", "aria-label": "Stops ahead" }), draft = make("div", { className: "do" });
  const ask = (what, form, send) => button("", () => askLine(slot, form, send), { hidden: !may(what), textContent: `${form.go} …` });
  const hold = ask("hold", { words: `Why is ${id} to wait`, go: "Hold" }, reason => act({ do: "hold", vehicle_id: id, ...(reason ? { reason } : {}) }));
  const release = button("Let it go on", () => act({ do: "release", vehicle_id: id }), { hidden: true, className: "primary" });
  const call = ask("call", { words: "What is it about", go: "Call" }, about => act({ do: "call", vehicle_id: id, about }));
  const message = ask("message", { words: "Message for the driver's screen", go: "Send" }, text => act({ do: "message", vehicle_id: id, text }));
  message.textContent = "Message …";
  call.textContent = "Call driver …";
  const assign = assignForm(i), acts = make("div", { className: "do" }, hold, release, call, message);
  const root = make("div", { className: "card", id: "vehicle-card" }, head, facts, acts, slot, assign, sent, route, draft);
  return {
    root,
    show() {
      const p = view.parts, [, driver, kind, depot] = p.vehicles[i];
      head.replaceChildren(id, mark(vehicleLook(i)), ...(p.held[i] ? [make("span", { className: "sign", textContent: "❙❙ told to wait" })] : []));
      const heard = Number.isFinite(p.heard_s[i]) ? `last heard ${atS(p.heard_s[i], true)}, ${ago(p.age_s[i])} ago` : "never heard";
      facts.textContent = [driver || "no driver", words(kind), `depot ${depot}`, heard, latenessWords(p.behind_s[i])].filter(Boolean).join(" · ");
      release.hidden = !p.held[i] || !may("release");
      hold.hidden = Boolean(p.held[i]) || !may("hold");
      for (const element of [hold, release, call, message, ...assign.elements]) element.disabled = !p.clock.can_command;
      acts.hidden = p.day.recorded || [...acts.children].every(element => element.hidden);
      assign.hidden = !offered("assign");
      sent.replaceChildren(...sentAbout({ vehicle: id }));
      showRoute(i, route, draft);
    },
  };
}

/** The stops ahead in the order to drive; moved about they are a draft until they are sent. */
function showRoute(i, list, bar) {
  const p = view.parts, known = [...p["route.order"].slice(p["route.start"][i], p["route.start"][i + 1])];
  if (view.draft) view.draft = sameStops(view.draft, known);
  const stops = view.draft ?? known, movable = can("route") && stops.length > 1;
  renew(list, ...stops.map((o, k) => stopItem(i, o, k, stops, movable)), ...(stops.length ? [] : [make("li", { className: "empty", textContent: "Nothing left on its route." })]));
  bar.hidden = !view.draft;
  if (!view.draft) { bar.replaceChildren(); return; }
  if (bar.children.length) return;
  const undo = () => { view.draft = null; showDetail(); };
  bar.append(button("Send this sequence", () => {
    act({ do: "route", vehicle_id: vehicleName(i), orders: view.draft.map(orderName) });
    undo();
  }, { className: "primary", id: "send-route" }), button("Leave it as it is", undo));
}

/** A draft without what has been done meanwhile, with what has come. */
function sameStops(draft, known) {
  const left = [...known];
  const kept = draft.filter(o => { const k = left.indexOf(o); if (k >= 0) left.splice(k, 1); return k >= 0; });
  return [...kept, ...left];
}

function stopItem(i, o, k, stops, movable) {
  const p = view.parts, first = !view.draft && k === 0;
  const row = button("", () => choose(i, o), { className: "stop", "data-key": `stop ${k} ${o}` });
  row.append(make("span", { className: "quiet num", textContent: k + 1 }), mark(orderLook(o), orderName(o)),
    make("span", { className: "quiet", textContent: window_(o) }), make("span", { className: "num", textContent: first ? atS(p.next_s[i]) : "" }));
  const item = make("li", { "aria-current": String(o === view.order) }, row);
  if (!movable) return item;
  const move = to => {
    if (to < 0 || to >= stops.length || to === k) return;
    const next = [...stops];
    next.splice(to, 0, ...next.splice(k, 1));
    view.draft = next;
    showDetail();
    document.querySelector(`#vehicle-card [data-key="${CSS.escape(`stop ${to} ${o}`)}"]`)?.focus();
  };
  row.onkeydown = event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && event.altKey) { event.preventDefault(); move(k + step); }
  };
  row.title = "Drag it, or Alt with arrow up or down; onto a vehicle to give it away";
  item.append(button("↑", () => move(k - 1), { className: "nudge", "aria-label": `${orderName(o)} earlier`, disabled: k === 0 }),
    button("↓", () => move(k + 1), { className: "nudge", "aria-label": `${orderName(o)} later`, disabled: k === stops.length - 1 }));
  takeUp(item, { order: o, move });
  item.addEventListener("dragover", event => { if (view.dragged?.move) { event.preventDefault(); item.classList.add("target"); } });
  item.addEventListener("dragleave", () => item.classList.remove("target"));
  item.addEventListener("drop", event => { item.classList.remove("target"); if (view.dragged?.move) { event.preventDefault(); view.dragged.move(k); } });
  return item;
}

/** Give it an order, by name. */
function assignForm(i) {
  const p = view.parts, list = make("datalist", { id: "open-orders" });
  const input = make("input", { placeholder: "Give it an open order", autocomplete: "off", "aria-label": "Order to assign", list: "open-orders", required: true, id: "assign-order" });
  input.onfocus = () => {
    const open = p.orders.map((_, o) => o).filter(o => orderOpen(o) && p["order.vehicle"][o] !== i);
    open.sort((a, b) => p["order.state"][a] - p["order.state"][b]);
    list.replaceChildren(...open.slice(0, 500).map(o => make("option", { value: orderName(o), label: `${orderLook(o).text}, ${window_(o)}` })));
  };
  const form = make("form", { className: "do line" }, input, list, make("button", { textContent: "Assign", id: "assign" }));
  form.onsubmit = event => {
    event.preventDefault();
    act({ do: "assign", order_id: input.value.trim(), vehicle_id: vehicleName(i) }, ({ ok }) => { if (ok) input.value = ""; });
  };
  return form;
}
