// What the ledgers tell when somebody asks: an order's story, a vehicle's and its driver's trips and doings.

/** Ask about something and draw the answer into `root`; an answer that comes after another question is dropped. */
function lookUp(root, asked, draw) {
  const key = JSON.stringify(asked);
  root.dataset.asked = key;
  root.replaceChildren(nothing("Looking it up …"));
  act({ do: "tell", ...asked }, ({ ok, text, doc }) => {
    if (root.dataset.asked !== key) return;
    root.replaceChildren(...(ok && doc ? draw(doc) : [nothing(text || "Nothing is known of it.")]));
  });
}

const lookUpOrder = (order_id, root) => lookUp(root, { order_id }, doc => orderDoc(doc, root));
const lookUpVehicle = (vehicle_id, root, kinds, signs = () => []) => lookUp(root, { vehicle_id }, doc => vehicleDoc(doc, root, kinds, signs()));

function orderDoc(doc, root) {
  const { order } = doc;
  const windows = order.windows_us.map(([from, to]) => `${localTime(from, false)}–${localTime(to, false)}`).join(", ") || "any time";
  const made = [make("h2", { textContent: order.order_id }), make("p", { className: "quiet", textContent: [order.customer, windows, order.place].filter(Boolean).join(" · ") })];
  made.push(...tellOrder(doc));
  if (order.lateness) made.push(make("h3", { textContent: "Why late" }), bars("Why late", order.lateness.parts.map(part => [part.text, part.minutes]), minutes => `${number(Math.round(minutes))} min`));
  if (order.vehicle_id) made.push(make("p", {}, button(`Trips of ${order.vehicle_id}, ${order.driver_id}`, () => lookUpVehicle(order.vehicle_id, root))));
  return made;
}

const lineList = lines => make("ol", { className: "lines" }, ...lines.map(([at_us, text]) => make("li", {}, make("time", { textContent: localTime(at_us) }), make("span", { textContent: text }))));

function vehicleDoc({ vehicle, trips, lines }, root, kinds, signs) {
  const i = vehicleRow(vehicle), [, driver, kind, depot] = view.parts.vehicles[i] ?? [vehicle, "", "", ""];
  const made = [
    make("h2", {}, vehicle, " ", i >= 0 ? mark(vehicleLook(i)) : ""),
    make("p", { className: "quiet", textContent: [driver || "no driver", words(kind), `depot ${depot}`].join(" · ") }),
  ];
  made.push(...signs.map(text => make("p", { className: "flagged", textContent: text })));
  const told = kinds ? lines.filter(([, what]) => kinds.includes(what)) : lines;
  if (!kinds) made.push(make("h3", { textContent: "Trips" }), trips.length ? tripTable(trips, root) : nothing("No trip yet."));
  made.push(make("h3", { textContent: "What it did and was told" }), told.length ? lineList([...told].reverse().map(([at_us, , text]) => [at_us, text])) : nothing("Nothing of the kind so far."));
  return made;
}

function tripTable(trips, root) {
  const order = trip => trip.purpose === "task" && orderRow(trip.to) >= 0;
  return shortTable("Trips", [
    { title: "To", cell: trip => order(trip) ? button(trip.to, () => lookUpOrder(trip.to, root), { className: "link" }) : `${trip.to} (${words(trip.purpose)})` },
    { title: "Driver", cell: trip => trip.driver_id },
    { title: "Left", num: true, cell: trip => localTime(trip.left_us, false) },
    { title: "Due", num: true, cell: trip => trip.due_us ? localTime(trip.due_us, false) : "" },
    { title: "There", num: true, cell: trip => trip.arrived_us ? localTime(trip.arrived_us, false) : "on its way" },
    { title: "Drove", num: true, cell: trip => trip.driving_s === null ? "" : duration(trip.driving_s) },
    { title: "km", num: true, cell: trip => trip.distance_m === null ? "" : number(trip.distance_m / 1000) },
  ], trips, { key: trip => trip.trip_id });
}
