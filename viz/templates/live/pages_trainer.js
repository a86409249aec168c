// The trainer's page: make things happen, see where head office is wrong, and compare at the end.

const trainer = {};

registerPage("trainer", {
  title: "Trainer",
  build(root) {
    for (const name of ["form", "running", "apart", "figures", "debrief", "branch"]) trainer[name] = make("div", {});
    trainer.root = root;
    root.append(make("div", { className: "grid trainer" },
      make("div", { className: "stack" },
        panel("Make something happen", "It is recorded as a command and begins at once, or when you say.", trainer.form),
        panel("Under way, in truth", "Head office is not told of these.", trainer.running)),
      make("div", { className: "stack" },
        panel("Where head office is wrong", "Vehicles whose state is not what head office believes, or that are 250 m or more from where it has them.", trainer.apart),
        panel("Figures that differ", "Known so far, beside what is true.", trainer.figures))),
      panel("Debrief", "The day so far beside the same day that nobody touched, and the same day left to the policy smart: same seed, same customers, same incidents of the scenario.", trainer.debrief),
      panel("Go on differently", "The same day up to a moment, in a run folder of its own. Everybody who watches follows; the day as played stays as it is.", trainer.branch));
    injectForm(trainer.form);
    branchForm(trainer.branch);
  },
  show(p, changed) {
    trainer.root.classList.toggle("finished", p.clock.ended);
    if (hasAny(changed, "truth.incidents", "clock")) showRunning(p);
    if (hasAny(changed, "truth.state", "truth.off_m", "state")) showApart(p);
    if (hasAny(changed, "truth.kpi_table", "kpi_table")) showDiffering(p);
    if (hasAny(changed, "debrief", "truth.debrief", "clock")) showDebrief(p);
  },
});

function showRunning(p) {
  const incidents = p["truth.incidents"];
  trainer.running.replaceChildren(incidents.length ? shortTable("Under way", [
    { title: "Name", cell: row => row.name }, { title: "What", cell: row => words(row.kind) }, { title: "Since", num: true, cell: row => localTime(row.since_us, false) },
    { title: "Details", cell: row => detailsText(row.details) },
  ], incidents) : nothing("Nothing out of the ordinary."));
}

/** Parameters of an incident in words; those without a value are left out. */
function detailsText(details) {
  if (details === null || typeof details !== "object") return String(details ?? "");
  const told = ([key, value]) => !["at", "day", "kind"].includes(key) && value !== null && (typeof value !== "object" || Array.isArray(value));
  const text = (key, value) => Array.isArray(value) ? value.join(", ") : key.endsWith("_s") ? duration(value) : key.endsWith("_m") ? `${number(value)} m` : value;
  return Object.entries(details).filter(told).map(([key, value]) => `${bareName(key)} ${text(key, value)}`).join(", ");
}

const APART_M = 250;

function showApart(p) {
  const off = p["truth.off_m"], states = p.day.states, look = code => LOOKS.vehicles[states[code]];
  const rows = [...p.vehicles.keys()].filter(i => p.state[i] !== p["truth.state"][i] || off[i] >= APART_M).sort((a, b) => off[b] - off[a]);
  trainer.apart.replaceChildren(rows.length ? shortTable("Where head office is wrong", [
    { title: "Vehicle", cell: vehicleName }, { title: "Head office believes", cell: i => mark(look(p.state[i])) }, { title: "In truth", cell: i => mark(look(p["truth.state"][i])) },
    { title: "Off by", num: true, cell: i => Number.isFinite(off[i]) ? `${number(Math.round(off[i]))} m` : "" }, { title: "Last heard", num: true, cell: i => ago(p.age_s[i]) },
  ], rows.slice(0, 30)) : nothing("✓ Every vehicle is where and what head office believes."));
}

function showDiffering(p) {
  const known = new Map(p.kpi_table.map(kpi => [kpi.name, kpi]));
  const rows = p["truth.kpi_table"].filter(kpi => kpi.value !== null && known.get(kpi.name)?.value !== null && quantity(kpi.value, kpi.unit) !== quantity(known.get(kpi.name).value, kpi.unit));
  trainer.figures.replaceChildren(rows.length ? shortTable("Figures that differ", [
    { title: "Figure", cell: kpi => kpiName(kpi.name) }, { title: "As known", num: true, cell: kpi => quantity(known.get(kpi.name).value, kpi.unit) }, { title: "In truth", num: true, cell: kpi => quantity(kpi.value, kpi.unit) },
  ], rows) : nothing(p.kpi_table.length ? "✓ None: head office's figures are the true ones." : "The first figures are read five minutes into the day."));
}

// --- debrief ---

function showDebrief(p) {
  const found = p["truth.debrief"] ?? p.debrief, made = [];
  if (may("compare") && found?.state !== "working") {
    made.push(make("div", { className: "do ask" },
      button(p.day.recorded ? "Compare the whole day" : found ? "Compare again, up to now" : "Compare up to now", () => act({ do: "compare" }), { className: p.clock.ended && !found ? "primary" : "", "data-key": "compare" }),
      make("span", { className: "quiet", textContent: p.day.recorded || p.clock.ended ? "The day is run again twice; then the comparison is final." : "The day is run again twice beside this one; it takes about as long as running it up to now." })));
  }
  if (!found) made.push(nothing("No comparison has been made yet."));
  else if (found.state === "working") made.push(nothing(`The same day is being run untouched and under smart, up to ${localTime(found.until_us, false)} …`));
  else if (found.state === "failed") made.push(nothing("The comparison could not be made. What stopped it is shown by the engine; try again."));
  else made.push(...debriefTables(p, found));
  renew(trainer.debrief, ...made);
}

function debriefTables(p, found) {
  const which = Boolean(p["truth.debrief"]) && (trainer.truly ?? true), rows = (which ? p["truth.debrief"] : p.debrief).kpis;
  const sides = p["truth.debrief"] ? [choices("Which account", { true: "In truth", known: "As head office reports" }, name => { trainer.truly = name === "true"; showDebrief(view.parts); })] : [];
  for (const one of sides[0]?.children ?? []) { one.setAttribute("aria-pressed", String((one.dataset.choice === "true") === which)); one.dataset.key = `debrief:${one.dataset.choice}`; }
  const value = name => kpi => {
    const best = bestOf(kpi).includes(name);
    return make("span", { className: best ? "best" : "", textContent: `${best ? "★ " : ""}${quantity(kpi[name], kpi.unit)}`, title: best ? "the best of the three" : "" });
  };
  const columns_ = [
    { title: "Figure", cell: kpi => kpiName(kpi.name) }, { title: "This session", num: true, cell: value("played") }, { title: "Untouched", num: true, cell: value("untouched") },
    { title: "Under smart", num: true, cell: value("smart") }, { title: "Expected", num: true, cell: kpi => kpi.range ? rangeText(kpi.range, kpi.unit) : "" },
  ];
  const differ = kpi => new Set(["played", "untouched", "smart"].map(name => quantity(kpi[name], kpi.unit))).size > 1;
  const alike = rows.filter(kpi => !differ(kpi));
  const open = trainer.debrief.querySelector("details")?.open ?? false;
  return [
    make("p", { textContent: `Up to ${localTime(found.until_us, false)}. ★ marks the best of the three where more or less of it is better.` }), ...sides,
    rows.some(differ) ? shortTable("Debrief", columns_, rows.filter(differ), { key: kpi => kpi.name }) : nothing("All three days came out alike."),
    ...(alike.length ? [make("details", { className: "blank", open }, make("summary", { textContent: "Figures that are the same in all three" }), shortTable("The same in all three", columns_, alike, { key: kpi => kpi.name }))] : []),
  ];
}

/** Which of the three is better than another one, and than which none is better. */
function bestOf(kpi) {
  const names = ["played", "untouched", "smart"].filter(name => kpi[name] !== null), values = names.map(name => kpi[name]);
  if (kpi.better === "neither" || new Set(values.map(value => quantity(value, kpi.unit))).size < 2) return [];
  const best = kpi.better === "higher" ? Math.max(...values) : Math.min(...values);
  return names.filter(name => quantity(kpi[name], kpi.unit) === quantity(best, kpi.unit));
}

function branchForm(root) {
  const { day } = view.parts, moment = momentInput(day.start_us, "Up to"), form = make("form", { className: "do ask" }, field("As played up to", moment), make("button", { textContent: "Go on from there" }));
  form.onsubmit = event => {
    event.preventDefault();
    const at_us = momentUs(moment);
    if (at_us === null) toast({ ok: false, text: "Say up to which moment." });
    else act({ do: "branch", at_us });
  };
  root.append(may("branch") && !day.recorded ? form : nothing("Only a day that is being simulated can go on differently."));
}
