// Recommendations: what the policy would do, why, what it costs, and a person's answer.

const change = (s, what) => s === null ? "" : s ? `${Math.round(Math.abs(s) / 60)} min ${s > 0 ? "more" : "less"} ${what}` : `no more ${what}`;
const cost = advice => [change(advice.driving_s, "driving"), change(advice.late_s, "lateness")].filter(Boolean).join(", ") || "cost not known";

const moveText = m => !m.to_vehicle ? `${m.order_id} is taken off ${m.from_vehicle}`
  : `${m.order_id} ${m.from_vehicle ? `goes from ${m.from_vehicle}` : "goes"} to ${m.to_vehicle}${m.stop === null ? "" : `, stop ${m.stop}`}`;

function adviceItem(a) {
  const { clock } = view.parts, waits = a.state === "waiting", id = a.recommendation_id;
  const item = make("li", { className: "case", "data-advice": id },
    make("div", { className: "line" }, make("b", { textContent: a.moves.map(moveText).join("; ") || a.vehicles.join(", ") }),
      make("span", { className: "age num", textContent: waits ? `${since(a.made_us)}` : localTime(a.answered_us ?? a.made_us, false) })),
    make("p", { textContent: a.reason ? `Why: ${a.reason}` : "No reason is given." }),
    make("p", { className: "quiet", textContent: `${words(a.source)} · ${cost(a)}` }));
  if (a.alternative) item.append(make("p", { className: "quiet", textContent: `Next best: ${a.alternative.vehicle_id}, ${cost(a.alternative)}` }));
  const subject = a.moves[0]?.order_id ?? a.vehicles[0];
  item.addEventListener("click", event => { if (!event.target.closest("button, form")) showSubject(subject); });
  if (!waits) {
    const why = a.answer_reason ? `: ${a.answer_reason}` : "";
    item.append(make("p", { className: "answer", textContent: a.state === "given" ? "Done without asking." : `${words(a.answer)} by ${a.by}${why}` }));
    return item;
  }
  if (a.expires_us !== null) item.append(make("p", { className: "quiet", textContent: `Ends by itself at ${localTime(a.expires_us, false)}, in ${ago((a.expires_us - clock.now_us) / 1e6)}` }));
  const line = make("div", { id: `advice-${id}` });
  const acts = [
    ["approve", "Approve", () => act({ do: "approve", recommendation_id: id }), "primary"],
    ["change", "Change …", () => changeAdvice(line, a), ""],
    ["refuse", "Refuse …", () => askLine(line, { words: "Why not", go: "Refuse", needed: true }, reason => act({ do: "refuse", recommendation_id: id, reason })), ""],
  ].filter(([what]) => offered(what) && !(what === "change" && !a.moves.length));
  item.append(make("div", { className: "do" }, ...acts.map(([what, text, todo, className]) => button(text, todo, { className, disabled: !can(what), "data-key": `${what} ${id}` }))), line);
  return item;
}

/** Another vehicle for one of its orders. */
function changeAdvice(slot, a) {
  const p = view.parts, order = make("select", { "aria-label": "Order" }, ...options(a.moves.map(m => m.order_id)));
  const vehicle = make("select", { "aria-label": "Vehicle" }, ...options(p.vehicles.map(v => v[0]).filter(id => id !== a.moves[0].to_vehicle)));
  if (a.alternative) vehicle.value = a.alternative.vehicle_id;
  const reason = make("input", { placeholder: "Why", "aria-label": "Why", maxLength: 500 }), close = () => slot.replaceChildren();
  const form = make("form", { className: "do line" }, order, vehicle, reason, make("button", { className: "primary", textContent: "Send it there" }), button("Cancel", close));
  form.onsubmit = event => {
    event.preventDefault();
    close();
    act({ do: "change", recommendation_id: a.recommendation_id, order_id: order.value, vehicle_id: vehicle.value, ...(reason.value ? { reason: reason.value } : {}) });
  };
  form.onkeydown = event => { if (event.key === "Escape") { event.stopPropagation(); close(); } };
  slot.replaceChildren(form);
  vehicle.focus();
}

function showAdvice() {
  const list = $("advice");
  if (list.querySelector("form")) return;  // somebody is writing
  const all = view.parts.recommendations, waiting = all.filter(a => a.state === "waiting"), over = all.filter(a => a.state !== "waiting").reverse();
  const nothing = make("li", { className: "empty", textContent: "Nothing is recommended. With dispatch.approval.mode=live the policy asks here before it acts." });
  renew(list, ...waiting.map(adviceItem), ...(waiting.length ? [] : [nothing]),
    ...(over.length ? [make("li", { className: "head", textContent: "Answered" })] : []), ...over.slice(0, 50).map(adviceItem));
}

registerPanel("recommendations", {
  title: "Advice",
  build(root) { root.append(make("ol", { id: "advice", "aria-label": "Recommendations" })); },
  show: showAdvice,
  count: () => view.parts.recommendations.filter(a => a.state === "waiting").length,
});
