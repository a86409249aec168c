// What has been sent on its way: acts recorded, commands not yet answered, and how they were answered.

const ACTS = {
  assign_order: "take an order", unassign_order: "leave an order", set_route: "route", hold_vehicle: "wait", release_vehicle: "go on",
  send_message: "message", cancel_order: "order called off", call_driver: "call", order_changed: "order changed", change_order: "order changed",
};
const REPLIES = {
  sent: { text: "not yet received", marker: "circle", colour: "#E69F00", hollow: true }, accepted: { text: "accepted", marker: "circle", colour: "#009E73" },
  declined: { text: "declined", marker: "x", colour: "#D55E00" }, outdated: { text: "came too late", marker: "inverted_triangle", colour: "#D55E00" },
  read: { text: "read", marker: "circle", colour: "#009E73" },
};

/** A command: what, to whom, when it was sent, and whether the radio has carried it yet. */
function sentItem(record, withVehicle = true) {
  const what = record.text ? `“${record.text}”` : `${ACTS[record.kind] ?? words(record.kind)} ${record.orders.slice(0, 3).join(", ")}${record.orders.length > 3 ? " …" : ""}`;
  const reply = REPLIES[record.state], waits = record.state === "sent";
  const when = waits ? `sent ${localTime(record.since_us)}, ${since(record.since_us)} ago, ${reply.text}`
    : `${reply.text} ${localTime(record.read_us ?? record.answered_us ?? record.since_us)}${record.why ? `: ${words(record.why)}` : ""}`;
  return make("li", { className: waits ? "sent waits" : "sent", "data-sent": record.id },
    make("span", { className: "what", textContent: withVehicle ? `${record.vehicle}: ${what}` : what, title: record.reason }), mark(reply, when));
}

/** An act that takes effect at the next whole second of the day. */
const recordedItem = record => make("li", { className: "sent waits" },
  make("span", { className: "what", textContent: `${ACTS[record.kind] ?? words(record.kind)} ${record.about}` }),
  mark({ marker: "circle", colour: "#E69F00", hollow: true }, `by ${record.by}, takes effect at ${localTime(record.at_us)}`));

function callItem(call) {
  const over = call.state === "over", look = over ? REPLIES.accepted : REPLIES.sent;
  const how = over ? `spoke for ${ago(call.call_s)} until ${localTime(call.ended_us)}` : `ringing since ${localTime(call.since_us)}, ${since(call.since_us)}`;
  return make("li", { className: over ? "sent" : "sent waits" }, make("span", { className: "what", textContent: `call to ${call.driver_id}${call.about ? `: ${call.about}` : ""}` }), mark(look, how));
}

const ahead = () => view.parts.posted.filter(record => record.at_us > view.parts.clock.now_us);

/** What is under way about a vehicle or an order, and the latest answers. */
function sentAbout({ vehicle, order }, most = 2) {
  const p = view.parts, mine = record => record.vehicle === vehicle || (order !== undefined && record.orders.includes(order));
  const all = p.pending.filter(mine), waits = all.filter(r => r.state === "sent"), over = all.filter(r => r.state !== "sent").reverse();
  const calls = vehicle === undefined ? [] : p.calls.filter(call => call.vehicle_id === vehicle).slice(-2);
  return [...ahead().filter(record => record.about === (vehicle ?? order)).map(recordedItem),
    ...[...waits.reverse(), ...over].slice(0, Math.max(most, waits.length)).map(r => sentItem(r, vehicle === undefined)), ...calls.map(callItem)];
}

function showSent() {
  const { pending, calls } = view.parts, waits = pending.filter(r => r.state === "sent"), over = pending.filter(r => r.state !== "sent");
  const items = [...ahead().map(recordedItem), ...calls.filter(c => c.state === "ringing").map(callItem), ...waits.reverse().map(r => sentItem(r)),
    ...(over.length ? [make("li", { className: "head", textContent: "Answered" })] : []), ...over.reverse().slice(0, 100).map(r => sentItem(r))];
  $("sent-list").replaceChildren(...(items.length ? items : [make("li", { className: "empty", textContent: "Nothing has been sent to any driver yet." })]));
}

registerPanel("sent", {
  title: "Sent",
  build(root) { root.append(make("ol", { id: "sent-list", "aria-label": "Sent to drivers" })); },
  show: showSent,
  count: () => view.parts.pending.filter(r => r.state === "sent").length,
});

registerPanel("news", {
  title: "Heard",
  build(root) { root.append(make("ol", { id: "news-lines", "aria-label": "What head office heard and did" })); },
  show() {
    $("news-lines").replaceChildren(...[...view.parts.news].reverse().map(([heard, occurred, , subject, text]) => {
      const late = Math.round((heard - occurred) / 1e6);
      const what = make("span", { textContent: text + (late >= 2 ? ` (${ago(late)} before)` : "") });
      return make("li", {}, make("time", { textContent: localTime(heard) }), make("b", { textContent: subject }), what);
    }));
  },
});
