// Two pages about the fleet, a row a vehicle: its health, as far as it was reported, and its driver's hours.

/** A page of a long table, with what needs a look on top if asked for, and one vehicle's doings beside it.
 *  `signs(i)` are the reasons to look at a vehicle, in words; `kinds` the doings to list. */
function fleetPage(name, { title, about, widths, columns, signs, kinds, parts, empty }) {
  const page = { only: "all", chosen: null };
  const fill = () => {
    const rows = [...view.parts.vehicles.keys()].filter(i => page.only === "all" || signs(i).length);
    page.table.fill(rows);
    page.none.hidden = rows.length > 0;
  };
  registerPage(name, {
    title,
    build(root) {
      const reasons = i => {
        const found = signs(i);
        return make("span", { className: "signs", title: found.join("; ") }, ...found.map(text => make("span", { className: "flag", textContent: text })));
      };
      const made = longTable(title, `${widths} minmax(9rem, 3fr)`, [
        { title: "Vehicle", value: vehicleName, cell: i => cell(vehicleName(i), "who") },
        ...columns,
        { title: "To look at", value: i => signs(i).length ? signs(i).join("; ") : "\uffff", cell: reasons },
      ], i => { page.table.choose(i); lookUpVehicle(vehicleName(i), page.doc, kinds, () => signs(i)); page.doc.scrollIntoView({ block: "nearest" }); });
      page.table = made.table;
      page.none = nothing(empty);
      page.doc = make("section", { className: "panel doc", "aria-label": "The vehicle", "aria-live": "polite" }, nothing("Choose a vehicle: what was reported of it is listed here."));
      page.switch = choices("Which vehicles", { all: "All vehicles", some: "Only those to look at" }, which => { page.only = which; fill(); });
      root.append(make("p", { className: "quiet lead", textContent: about }), make("div", { className: "split wide" }, make("section", { className: "panel list", "aria-label": title }, page.switch, page.none, made.root), page.doc));
    },
    show(_, changed) {
      if (!page.switch.querySelector("[aria-pressed=true]")) page.switch.choose("all");
      if (hasAny(changed, "vehicles", "state", "exceptions", ...parts)) fill();
    },
  });
}

const seen = (title, value, text, hint = "") => ({ title, num: true, value, hint, cell: i => cell(text(value(i)), "num") });
const part = name => i => view.parts[name][i];
const count = value => value ? number(value) : "";
const km = value => number(Math.round(value / 1000));

/** Exceptions about a vehicle that nobody has closed, of some rules. */
const openAbout = (i, rules) => view.parts.exceptions.filter(e => e.state !== "resolved" && e.subject === vehicleName(i) && rules.includes(e.rule));

fleetPage("maintenance", {
  title: "Maintenance",
  about: "As reported: odometers at the end of each trip, engine hours at the end of each shift, fuel and energy since the last fill, devices with every sample. No workshop is simulated: who breaks down is mended on the road, and nothing wears.",
  widths: "minmax(4.5rem, 1fr) minmax(6.8rem, 1.2fr) 3.6rem 4rem 3.8rem 4.8rem 3.4rem 4.1rem 4.4rem 3.1rem",
  columns: [
    { title: "State", value: i => vehicleLook(i).text, cell: i => mark(vehicleLook(i)) },
    seen("Km", part("health.odometer_m"), km, "Odometer, kilometres"),
    seen("Engine", part("health.engine_s"), s => s ? duration(s) : "", "Engine running, of the shifts that have ended"),
    seen("Fuel", part("health.fuel_ml"), ml => ml ? `${number(ml / 1000)} l` : "", "Fuel used since the last fill"),
    seen("Energy", part("health.energy_wh"), wh => wh ? `${number(wh / 1000)} kWh` : "", "Energy used since the last charge"),
    seen("Filled", part("health.refuelled_s"), atS, "Last filled or charged"),
    seen("Checked", part("health.inspected_s"), atS, "Inspected before the shift"),
    seen("Supply", part("health.supply_v"), v => Number.isFinite(v) ? `${v.toFixed(1)} V` : "not heard", "Voltage that the device sees; not heard: none was measured, or nothing came"),
    seen("Harsh", part("health.harsh"), count, "Harsh braking and the like, reported"),
  ],
  signs(i) {
    const p = view.parts, found = [];
    if (p.day.states[p.state[i]] === "broken") found.push("broken down");
    if (p["health.breakdowns"][i]) found.push(`breakdowns today: ${p["health.breakdowns"][i]}`);
    if (p["health.clock_faults"][i]) found.push(`clock faults: ${p["health.clock_faults"][i]}`);
    return [...found, ...openAbout(i, ["device_silent", "low_battery", "tampering", "position_implausible", "idling"]).map(e => e.text)];
  },
  kinds: ["breakdown_started", "breakdown_ended", "inspection_done", "refuelled", "shift_started", "shift_ended", "alert_raised"],
  parts: ["health.odometer_m", "health.engine_s", "health.fuel_ml", "health.energy_wh", "health.breakdowns", "health.clock_faults", "health.supply_v", "health.harsh"],
  empty: "Nothing was reported of any vehicle that needs a look.",
});

const shiftOf = i => Number.isFinite(view.parts["hours.began_s"][i]) ? `${atS(view.parts["hours.began_s"][i])}–${atS(view.parts["hours.until_s"][i])}` : "";

fleetPage("compliance", {
  title: "Compliance",
  about: "Of the present shift and as reported: time at the wheel counts when a trip has ended. Times that have passed are head office's view; a driver out of reach may have rested without its knowing.",
  widths: "minmax(4.5rem, 1fr) minmax(4.5rem, 1fr) minmax(6.2rem, 1.2fr) 5.7rem 3.5rem 3.5rem 4.2rem 4.2rem 3.5rem 2.9rem 2.9rem",
  columns: [
    { title: "Driver", value: i => view.parts.vehicles[i][1], cell: i => cell(view.parts.vehicles[i][1]) },
    { title: "State", value: i => vehicleLook(i).text, cell: i => mark(vehicleLook(i)) },
    { title: "Shift", num: true, hint: "Began, and its end by the roster", value: part("hours.began_s"), cell: i => cell(shiftOf(i), "num") },
    seen("Left", part("hours.left_s"), s => Number.isFinite(s) ? duration(s) : "", "Time left of the shift; below zero it is over"),
    seen("Driven", part("hours.driven_s"), s => s ? duration(s) : "", "At the wheel in this shift"),
    seen("May drive", part("hours.wheel_left_s"), s => Number.isFinite(s) ? duration(s) : "", "At the wheel, left of the eleven hours of a shift (49 CFR 395.3)"),
    seen("Unbroken", part("hours.since_break_s"), s => s ? duration(s) : "", "At the wheel since the last break"),
    seen("Rested", part("hours.rested_s"), s => s ? duration(s) : "", "Breaks taken in this shift"),
    seen("Last", part("hours.last_break_s"), atS, "Last break began"),
    seen("Due", part("hours.next_break_s"), atS, "Next break by the plan"),
  ],
  signs(i) {
    const p = view.parts, now_s = (p.clock.now_us - p.day.start_us) / 1e6, found = [];
    if (p["hours.left_s"][i] < 0) found.push(`past the end of the shift, ${atS(p["hours.until_s"][i])}`);
    if (p["hours.wheel_left_s"][i] < 0) found.push("past the limit at the wheel");
    if (p["hours.began_s"][i] <= now_s && p["hours.next_break_s"][i] < now_s) found.push(`break due since ${atS(p["hours.next_break_s"][i])}`);
    return [...found, ...openAbout(i, ["speeding", "harsh_driving"]).map(e => e.text)];
  },
  kinds: ["shift_started", "shift_ended", "break_taken", "alert_raised", "message_read"],
  parts: ["clock", "hours.began_s", "hours.left_s", "hours.driven_s", "hours.since_break_s", "hours.last_break_s", "hours.next_break_s"],
  empty: "Nobody is past the end of the shift, and no break is overdue.",
});
