// Exceptions: what somebody has to deal with, whose it is, and what can be done about it.

const SEVERITIES = {
  critical: { text: "critical", marker: "diamond", colour: "#D55E00" }, warning: { text: "warning", marker: "inverted_triangle", colour: "#E69F00" },
  info: { text: "info", marker: "circle", colour: "#0072B2", hollow: true },
};
const MOST_SHOWN = 150;
const queue = { filter: "open", chosen: "", seen: null };

const FILTERS = {
  open: ["Open", c => c.state !== "resolved"],
  mine: ["Mine", c => c.state !== "resolved" && [c.assigned_to, c.acknowledged_by].includes(view.parts.session.user)],
  over: ["Over", c => c.state === "resolved"],
};
const UNWATCHED = "Nothing is looked out for: the scenario has no rules that open exceptions (its section alerts).";
const EMPTY = { open: "Nothing wants doing: no rule has found anything wrong.", mine: "Nothing is yours. Acknowledge one, and it is.", over: "Nothing has been dealt with yet." };
const SERIOUS = ["critical", "warning", "info"];

/** The worst first, then the oldest; of what is over the newest first. */
function cases() {
  const found = view.parts.exceptions.filter(FILTERS[queue.filter][1]);
  if (queue.filter === "over") return found.reverse();
  return found.sort((a, b) => SERIOUS.indexOf(a.severity) - SERIOUS.indexOf(b.severity) || a.opened_us - b.opened_us);
}

const chosenCase = () => view.parts.exceptions.find(c => c.id === queue.chosen);

function caseItem(c) {
  const over = c.state === "resolved";
  const who = c.assigned_to ? `for ${c.assigned_to}` : c.acknowledged_by ? `taken by ${c.acknowledged_by}` : `for any ${words(c.owner)}`;
  const stands = over ? `${words(c.outcome)}${c.ended_by ? ` by ${c.ended_by}` : ""}` : c.state;
  const item = make("li", { role: "option", className: "case", tabIndex: -1, "aria-selected": String(c.id === queue.chosen), "data-key": c.id, "data-case": c.id },
    make("div", { className: "line" }, mark(SEVERITIES[c.severity], c.severity), make("b", { textContent: c.subject }),
      make("span", { className: "age num", textContent: over ? `over ${localTime(c.ended_us, false)}` : since(c.opened_us), title: `opened ${localTime(c.opened_us)}, has been so since ${localTime(c.since_us)}` })),
    make("p", { textContent: c.text || words(c.rule) }),
    make("p", { className: "quiet", textContent: [words(c.rule), who, c.escalated ? "passed up" : "", stands].filter(Boolean).join(" · ") }),
    ...c.notes.map(([at, by, text]) => make("p", { className: "note", textContent: `${localTime(at, false)} ${by}: ${text}` })));
  item.onclick = () => chooseCase(c.id);
  if (c.state === "open") item.classList.add("new");
  for (const act of ahead()) if (act.about === c.id) item.append(make("p", { className: "quiet", textContent: `${words(act.kind)}: recorded, takes effect at ${localTime(act.at_us)}` }));
  return item;
}

function chooseCase(id) {
  queue.chosen = id;
  showCases();
  const c = chosenCase();
  if (c) showSubject(c.subject);
  keepInSight();
}

const keepInSight = () => $("cases").querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });

/** The vehicle or order of this name is selected, if there is one. */
function showSubject(name) {
  const i = vehicleRow(name), o = i < 0 ? orderRow(name) : -1;
  if (i >= 0) choose(i); else if (o >= 0) choose(view.parts["order.vehicle"][o], o);
}

function moveCase(step) {
  const found = cases(), at = found.findIndex(c => c.id === queue.chosen);
  if (found.length) chooseCase(found[Math.min(found.length - 1, Math.max(0, at + step))].id);
}

const DEAL = {
  acknowledge: c => act({ do: "acknowledge", exception_id: c.id }),
  assign_exception: c => askLine($("case-line"), { words: "Who is to deal with it", go: "Assign", needed: true, names: people() },
    to => act({ do: "assign_exception", exception_id: c.id, to })),
  note: c => askLine($("case-line"), { words: "Note", go: "Note it", needed: true }, text => act({ do: "note", exception_id: c.id, text })),
  resolve: c => askLine($("case-line"), { words: "How it was dealt with", go: "Resolve" }, note => act({ do: "resolve", exception_id: c.id, note })),
};

/** Everybody who has had anything to do with an exception, and oneself. */
function people() {
  const p = view.parts;
  return [...new Set([p.session.user, ...p.exceptions.flatMap(c => [c.assigned_to, c.acknowledged_by, c.owner])])].filter(Boolean);
}

function deal(what) {
  const c = chosenCase();
  if (c && c.state !== "resolved" && can(what) && !(what === "acknowledge" && c.state !== "open")) DEAL[what](c);
  keepInSight();
}

function showCases() {
  const found = cases(), c = chosenCase(), over = !c || c.state === "resolved";
  for (const [name] of Object.entries(FILTERS)) press(`cases-${name}`, queue.filter === name);
  const more = found.length - MOST_SHOWN;
  renew($("cases"), ...found.slice(0, MOST_SHOWN).map(caseItem), ...(more > 0 ? [make("li", { className: "quiet", textContent: `and ${more} more` })] : []),
    ...(found.length ? [] : [make("li", { className: "empty", textContent: view.parts.day.rules.length ? EMPTY[queue.filter] : UNWATCHED })]));
  for (const what of Object.keys(DEAL)) {
    $(`do-${what}`).hidden = !offered(what);
    $(`do-${what}`).disabled = over || !can(what) || (what === "acknowledge" && c.state !== "open");
  }
}

/** New ones are said aloud and stand on the map for a while; nothing moves, and the keyboard stays where it is. */
function announceCases() {
  const { clock, exceptions } = view.parts, open = exceptions.filter(c => c.state === "open");
  if (clock.own) return;  // somebody looks back: nothing there is new
  const fresh = queue.seen ? open.filter(c => !queue.seen.has(c.id)) : [];
  queue.seen = new Set(exceptions.map(c => c.id));
  if (!fresh.length) return;
  const c = fresh.at(-1), text = `${c.subject}: ${c.text || words(c.rule)}`;
  const show = button("Show", () => { queue.filter = "open"; openPage("operations"); openPanel("exceptions"); chooseCase(c.id); $("alarm").replaceChildren(); });
  $("alarm").replaceChildren(make("div", { className: "alarm" }, mark(SEVERITIES[c.severity], fresh.length > 1 ? `${fresh.length} new` : "new"), make("span", { textContent: text }), show));
  clearTimeout(view.alarmTimer);
  view.alarmTimer = setTimeout(() => $("alarm").replaceChildren(), 12_000);
}

registerPanel("exceptions", {
  title: "Exceptions",
  build(root) {
    const filters = Object.entries(FILTERS).map(([name, [title]]) => button(title, () => { queue.filter = name; showCases(); }, { id: `cases-${name}` }));
    const list = make("ol", { id: "cases", role: "listbox", "aria-label": "Exceptions", tabIndex: 0 });
    list.addEventListener("keydown", event => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); moveCase(step); }
    });
    const acts = [["acknowledge", "Acknowledge", "a"], ["assign_exception", "Assign …", "t"], ["note", "Note …", "n"], ["resolve", "Resolve …", "r"]];
    root.append(make("div", { className: "do segmented", role: "group", "aria-label": "Which" }, ...filters), list,
      make("div", { className: "do" }, ...acts.map(([what, text, key]) => button(text, () => deal(what), { id: `do-${what}`, title: `Key ${key}` }))),
      make("div", { id: "case-line" }));
  },
  show: showCases,
  count: () => view.parts.exceptions.filter(c => c.state === "open").length,
});
