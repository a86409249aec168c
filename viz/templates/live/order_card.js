// One order: how it stands, what can be done about it, what its customer was told, the proofs, and its story.

const TELL_AGAIN_MS = 2000;

function orderCard(o) {
  const id = orderName(o), head = make("h2"), facts = make("p"), slot = make("div", { id: "order-line" });
  const acts = make("div", { className: "do" }), sent = make("ol", { className: "sends" }), told = make("div", { id: "story", "aria-live": "off" });
  const root = make("div", { className: "card", id: "order-card" }, head, facts, acts, slot, sent, told);
  const card = { root, heard: "", asked: -Infinity };
  card.show = () => {
    const p = view.parts, who = p["order.vehicle"][o];
    head.replaceChildren(id, mark(orderLook(o)));
    facts.textContent = [p.orders[o][1], window_(o), who >= 0 ? vehicleName(who) : "no vehicle yet"].filter(Boolean).join(" · ");
    renew(acts, ...orderActs(o, slot));
    acts.hidden = !acts.children.length;
    sent.replaceChildren(...sentAbout({ order: id }));
    const heard = whatIsHeard(o).join("|");
    const wait_ms = card.asked + TELL_AGAIN_MS - performance.now();
    if (heard === card.heard) return;
    clearTimeout(card.timer);
    if (wait_ms > 0) { card.timer = setTimeout(() => { if (root.isConnected) card.show(); }, wait_ms); return; }
    Object.assign(card, { heard, asked: performance.now() });
    act({ do: "tell", order_id: id }, ({ ok, doc }) => { if (ok && doc) told.replaceChildren(...tellOrder(doc)); });
  };
  return card;
}

/** What the story is asked for again after: another state or vehicle, more on file, an answer from the road. */
function whatIsHeard(o) {
  const p = view.parts, id = orderName(o), onFile = ["notifications", "proofs", "notes"].map(part => p[part].filter(r => r.order_id === id).length);
  return [p["order.state"][o], p["order.vehicle"][o], ...onFile, ...p.pending.filter(r => r.orders.includes(id)).map(r => r.state)];
}

function orderActs(o, slot) {
  const p = view.parts, id = orderName(o), who = p["order.vehicle"][o], made = [];
  const add = (what, text, todo, extra = {}) => { if (may(what)) made.push(button(text, todo, { disabled: !can(what), "data-key": text, ...extra })); };
  if (who >= 0 && who !== view.vehicle) made.push(button(`Show ${vehicleName(who)}`, () => choose(who, o), { "data-key": "show" }));
  if (!orderOpen(o) || p.day.recorded) return made;
  if (view.vehicle >= 0 && view.vehicle !== who) add("assign", `Give to ${vehicleName(view.vehicle)}`, () => give(o, view.vehicle), { className: "primary" });
  add("assign", "Give to …", () => giveForm(slot, o), { id: "give-order" });
  if (who >= 0) add("unassign", "Take off", () => act({ do: "unassign", order_id: id }));
  add("change_order", "Window …", () => windowForm(slot, o), { id: "change-window" });
  add("change_order", "Note …", () => askLine(slot, { words: "What was agreed or heard", go: "Note it", needed: true }, note => act({ do: "change_order", order_id: id, note })));
  const callOff = reason => act({ do: "cancel_order", order_id: id, ...(reason ? { reason } : {}) });
  add("cancel_order", "Cancel order …", () => askLine(slot, { words: "Why is it called off", go: "Call it off" }, callOff), { className: "danger", id: "cancel" });
  return made;
}

/** A form in the slot that ends by itself when it is sent. */
function slotForm(slot, go, inputs, send) {
  const close = () => slot.replaceChildren(), form = make("form", { className: "do line" }, ...inputs, make("button", { className: "primary", textContent: go }), button("Cancel", close));
  form.onsubmit = event => { event.preventDefault(); if (send() !== false) close(); };
  form.onkeydown = event => { if (event.key === "Escape") { event.stopPropagation(); close(); } };
  slot.replaceChildren(form);
  inputs[0].focus();
}

/** Another vehicle, and at which of its stops. */
function giveForm(slot, o) {
  const p = view.parts, vehicle = make("select", { "aria-label": "Vehicle" }), stop = make("select", { "aria-label": "As which stop" });
  vehicle.append(...p.vehicles.map((row, i) => make("option", { value: i, textContent: row[0] })).filter(option => Number(option.value) !== p["order.vehicle"][o]));
  vehicle.onchange = () => {
    const i = Number(vehicle.value), n = p["route.start"][i + 1] - p["route.start"][i];
    stop.replaceChildren(make("option", { value: "", textContent: "last" }), ...Array.from({ length: n }, (_, k) => make("option", { value: k, textContent: `as stop ${k + 1}` })));
  };
  vehicle.onchange();
  slotForm(slot, "Give", [vehicle, stop], () => give(o, Number(vehicle.value), stop.value === "" ? undefined : Number(stop.value)));
}

function windowForm(slot, o) {
  const p = view.parts, us = s => p.day.start_us + s * 1e6, opens = momentInput(us(p["order.opens_s"][o]), "From"), closes = momentInput(us(p["order.closes_s"][o]), "Until");
  const note = make("input", { placeholder: "Agreed with", "aria-label": "Note", maxLength: 500 });
  opens.required = closes.required = true;
  slotForm(slot, "Agree", [opens, closes, note], () => {
    const window = [momentUs(opens), momentUs(closes)];
    if (window[1] <= window[0]) { toast({ ok: false, text: "The window ends before it begins." }); return false; }
    act({ do: "change_order", order_id: orderName(o), windows_us: [window], ...(note.value ? { note: note.value } : {}) });
  });
}

// --- what is on file about it ---

function tellOrder({ order, notifications, proofs, notes }) {
  const heading = text => make("h3", { textContent: text });
  const parts = [make("p", { className: "verdict", textContent: order.verdict })];
  if (proofs.length) parts.push(heading("Proof of delivery"), ...proofs.map(proofFigure));
  const told = notifications.map(n => storyLine(n.at_us, n.text, `${n.channel}, ${words(n.milestone)}`));
  if (told.length) parts.push(heading("Told to the customer"), make("ol", { className: "moments" }, ...told));
  const noted = notes.map(n => storyLine(n.at_us, [n.note, ...(n.windows_us ?? []).map(windowText)].filter(Boolean).join("; "), n.by));
  if (noted.length) parts.push(heading("Notes"), make("ol", { className: "moments" }, ...noted));
  parts.push(heading(view.parts.session.truth ? "What happened, and when head office knew" : "What happened, as far as head office knows"));
  parts.push(make("ol", { className: "moments" }, ...order.moments.map(m => storyLine(m.at_us, m.text, learned(m), m.side === "office" ? "office" : ""))));
  return parts;
}

const windowText = window => `window ${window.map(us => localTime(us, false)).join("–")}`;
const storyLine = (us, text, aside, className = "") => make("li", { className },
  make("time", { textContent: localTime(us) }), make("span", { textContent: text }), make("span", { className: "quiet", textContent: aside }));

function learned({ side, learned_us: us, at_us: at, age_s: age }) {
  const whose = side === "office" ? "the driver" : "head office";
  if (us === null) return side === "office" ? "" : `${whose} has not heard`;
  return us - at < 2e6 ? "" : `${whose}: ${localTime(us)}, ${ago(age)} later`;
}

/** A proof as it came: its picture is drawn from its fingerprint, for no photo is simulated. */
function proofFigure(proof) {
  const size = proof.bytes >= 1000 ? `${number(proof.bytes / 1000)} kB` : `${proof.bytes} bytes`;
  const late = proof.received_us - proof.captured_us >= 2e6 ? `, received ${localTime(proof.received_us)}` : "";
  return make("figure", { className: "proof", "data-proof": proof.proof_id }, ...proof.what.map(what => PICTURES[what]?.(proof.sha256)).filter(Boolean),
    make("figcaption", {}, `${proof.what.join(" and ") || "proof"} by ${proof.driver_id} with ${proof.vehicle_id}`, make("br"),
      `taken ${localTime(proof.captured_us)}${late} · ${size}`, make("br"), make("code", { textContent: proof.sha256.slice(0, 16), title: proof.sha256 })));
}

const digits = sha256 => [...sha256].map(digit => parseInt(digit, 16) || 0);

function drawing(label, width, height, ...paths) {
  const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label })) svg.setAttribute(name, value);
  for (const [d, className] of paths) {
    const path = document.createElementNS(ns, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", className);
    svg.append(path);
  }
  return svg;
}

const PICTURES = {
  photo(sha256) {
    const cells = digits(sha256).slice(0, 30).map((v, k) => v % 2 ? `M${6 + 5 * (k % 6)} ${6 + 5 * Math.floor(k / 6)}h5v5h-5z` : "").join("");
    return drawing("Photo: a placeholder drawn from its fingerprint", 42, 37, ["M1 1h40v35H1z", "frame"], [cells || "M6 6h5v5h-5z", "ink"]);
  },
  signature(sha256) {
    const points = digits(sha256).slice(0, 16).map((v, k) => `${4 + 5 * k} ${6 + 1.6 * v}`);
    return drawing("Signature: a placeholder drawn from its fingerprint", 84, 37, ["M1 1h82v35H1z", "frame"], [`M${points.join(" T")}`, "pen"]);
  },
};
