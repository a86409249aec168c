// A new order: its place by a click on the map, by coordinates or at a depot; its window; its weight.

function openOrderForm() {
  if (!can("add_order")) return;
  choose(-1);
  const p = view.parts, place = { x_m: null, y_m: null };
  const input = (label, extra) => make("input", { autocomplete: "off", "aria-label": label, ...extra });
  const name = input("Name", { required: true, maxLength: 100, value: freeName() }), customer = input("Customer", { maxLength: 100, placeholder: "who ordered it" });
  const lat = input("Latitude", { type: "number", step: "any", min: -90, max: 90, placeholder: "latitude" });
  const lon = input("Longitude", { type: "number", step: "any", min: -180, max: 180, placeholder: "longitude" });
  const opens = momentInput(NaN, "From"), closes = momentInput(NaN, "Until"), weight = input("Weight in kg", { type: "number", min: 0, step: "any", placeholder: "kg" });
  const where = make("output", { className: "quiet", id: "new-order-place" }), wrong = make("p", { className: "bad", role: "alert", hidden: true });
  const at = (x, y, text) => {
    Object.assign(place, { x_m: x, y_m: y });
    lat.value = lon.value = "";
    where.textContent = text;
    view.map.pin = [x, y];
    view.map.drawRoute();
  };
  const pick = button("Click on the map", () => {
    view.placing = (x, y) => { at(x, y, "as clicked on the map"); stopPlacing(); };
    $("map").classList.add("placing");
    where.textContent = "now click on the map …";
  }, { id: "pick-place" });
  const depot = make("select", { "aria-label": "Place at a depot" }, make("option", { value: "", textContent: "at a depot …" }), ...options(p.depots));
  depot.onchange = () => { const d = p.depots.indexOf(depot.value); if (d >= 0) at(p["depot.x"][d], p["depot.y"][d], `at depot ${depot.value}`); };
  lat.oninput = lon.oninput = () => { place.x_m = null; where.textContent = ""; view.map.pin = null; view.map.drawRoute(); };
  const form = make("form", { className: "card order-form", "aria-label": "New order" }, make("h2", {}, "New order"),
    make("div", { className: "fields" }, field("Name", name), field("Customer", customer)),
    make("fieldset", {}, make("legend", { textContent: "Where" }), make("div", { className: "do" }, pick, depot), make("div", { className: "do" }, lat, lon), where),
    make("div", { className: "fields" }, field("From", opens), field("Until", closes), field("Weight, kg", weight)), wrong,
    make("div", { className: "do" }, make("button", { className: "primary", textContent: "Place the order", id: "place-order" }), button("Cancel", closeOrderForm)));
  form.onsubmit = event => {
    event.preventDefault();
    const asked = askedOrder({ name, customer, lat, lon, opens, closes, weight }, place);
    wrong.hidden = typeof asked !== "string";
    if (wrong.hidden) act(asked, ({ ok }) => { if (ok) closeOrderForm(); }); else wrong.textContent = asked;
  };
  form.onkeydown = event => { if (event.key === "Escape") { event.stopPropagation(); closeOrderForm(); } };
  $("detail").replaceChildren(form);
  view.cards = [];
  (name.value ? customer : name).focus();
}

/** The request, or what is wrong with what was written. */
function askedOrder({ name, customer, lat, lon, opens, closes, weight }, place) {
  const asked = { do: "add_order", order_id: name.value.trim() }, from = momentUs(opens), until = momentUs(closes);
  if (orderRow(asked.order_id) >= 0) return `There is an order ${asked.order_id} already.`;
  if (place.x_m !== null) Object.assign(asked, place);
  else if (lat.value && lon.value) Object.assign(asked, { lat: Number(lat.value), lon: Number(lon.value) });
  else return "Where is it? Click on the map, choose a depot, or write latitude and longitude.";
  if ((from === null) !== (until === null)) return "A window needs both ends; leave both empty for any time.";
  if (from !== null && until <= from) return "The window ends before it begins.";
  if (from !== null) Object.assign(asked, { opens_us: from, closes_us: until });
  if (Number(weight.value) > 0) asked.demand = { weight_kg: Number(weight.value) };
  if (customer.value.trim()) asked.customer = customer.value.trim();
  return asked;
}

function freeName() {
  const taken = new Set(view.parts.orders.map(order => order[0]));
  for (let n = 1; ; n++) if (!taken.has(`extra-${n}`)) return `extra-${n}`;
}

function stopPlacing() {
  view.placing = null;
  $("map").classList.remove("placing");
}

/** The map is as it was before a place was looked for. */
function leaveOrderForm() {
  stopPlacing();
  view.map.pin = null;
  view.map.drawRoute();
}

function closeOrderForm() {
  leaveOrderForm();
  buildDetail();
}
