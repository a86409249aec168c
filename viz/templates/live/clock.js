// The day's clock and its past, and the figures on top.

const PLAY = "M5 3l12 7-12 7z", PAUSE = "M4 3h4v14H4zM12 3h4v14h-4z";
const SCRUB_STEPS = 1000;

function begin() {
  const { day } = view.parts, form = extra => new Intl.DateTimeFormat("en-GB", { timeZone: day.time_zone, ...extra });
  const hms = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  view.hms = form(hms);
  view.hm = form({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  view.wall = form({ year: "numeric", month: "2-digit", day: "2-digit", ...hms });
  view.date = form({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  $("what").textContent = day.recorded ? "Recorded day" : "Live day";
  $("attribution").textContent = day.attribution;
  $("date").title = day.time_zone;
  $("scrub-start").textContent = localTime(day.start_us, false);
  $("scrub-end").textContent = localTime(day.end_us, false);
}

/** Whether this viewer looks at the past of a day that goes on meanwhile. */
const inPast = () => view.parts.clock.own && !view.parts.day.recorded;
/** Whether this viewer may move the clock on the screen. */
const ownsClock = () => view.parts.clock.own || view.parts.session.clock;

const NOT_YOURS = "Only who owns the day may move its clock";

/** A button that can be pressed, or cannot and says why. */
function offer(id, why) {
  const button = $(id);
  button.dataset.words ??= button.title;
  button.disabled = Boolean(why);
  button.title = why || button.dataset.words;
}

function showClock() {
  const { clock, day } = view.parts, past = inPast();
  $("clock").textContent = localTime(clock.now_us);
  $("date").textContent = view.date.format(clock.now_us / 1000);
  $("play-text").textContent = clock.playing ? "Pause" : "Play";
  $("play-icon").setAttribute("d", clock.playing ? PAUSE : PLAY);
  for (const id of ["play", "step"]) offer(id, !ownsClock() ? NOT_YOURS : clock.ended ? "The day is over" : "");
  for (const id of ["slower", "faster", "max"]) offer(id, ownsClock() ? "" : NOT_YOURS);
  $("speed").textContent = clock.speed === null ? "max" : `×${number(clock.speed)}`;
  press("max", clock.speed === null);
  $("reached").textContent = clock.playing && clock.reached !== null ? `runs at ×${number(Math.round(clock.reached))}` : "";
  const scrub = $("scrub"), share = (clock.now_us - day.start_us) / (day.end_us - day.start_us);
  scrub.title = day.recorded || past ? "Jump to a moment" : "Look back at an earlier moment";
  if (!view.scrubbing) scrub.value = Math.round(SCRUB_STEPS * share);
  scrub.style.setProperty("--done", `${100 * scrub.value / SCRUB_STEPS}%`);
  $("past").hidden = !past;
  $("past-text").textContent = `You look at ${localTime(clock.now_us)}, as it was known then. The day goes on without you.`;
  if (!view.lost) {
    const text = clock.note ? `${clock.note} …` : past ? "" : clock.ended ? "The day is over." : "";
    $("notice").hidden = !text;
    $("notice").textContent = text;
  }
}

const scrubUs = () => view.parts.day.start_us + Math.round($("scrub").value / SCRUB_STEPS * (view.parts.day.end_us - view.parts.day.start_us));

/** Show the day as it was at a moment: told again, it jumps there; while it goes on, this viewer alone looks back. */
function goTo(us) {
  const { clock, day } = view.parts;
  if (us < day.start_us || us > day.end_us) toast({ ok: false, text: `The day goes from ${localTime(day.start_us, false)} to ${localTime(day.end_us, false)}.` });
  else if (clock.own || day.recorded) act({ do: "seek", at_us: Math.min(us, clock.until_us) });  // a first frame is nobody's own yet
  else if (us <= clock.now_us) act({ do: "past", at_us: us });
  else { toast({ ok: false, text: `${localTime(us, false)} is still to come. Play on to get there.` }); showClock(); }
}

function askMoment() {
  const input = momentInput(view.parts.clock.now_us, "Moment"), dialog = $("goto");
  $("goto-hint").textContent = view.parts.day.recorded ? "Any moment of the day." : "An earlier moment: you look back, and the day goes on.";
  $("goto-when").replaceChildren(input);
  dialog.returnValue = "";
  dialog.showModal();
  input.focus();
  dialog.onclose = () => { const us = momentUs(input); if (dialog.returnValue === "go" && us !== null) goTo(us); };
}

function listenToClock() {
  const scrub = $("scrub");
  scrub.addEventListener("input", () => {
    view.scrubbing = true;
    scrub.style.setProperty("--done", `${100 * scrub.value / SCRUB_STEPS}%`);
    $("scrub-at").textContent = localTime(scrubUs(), false);
  });
  scrub.addEventListener("change", () => {
    view.scrubbing = false;
    $("scrub-at").textContent = "";
    goTo(scrubUs());
    scrub.blur();
  });
  $("now").addEventListener("click", () => act({ do: "now" }));
}

function showKpis() {
  const truly = new Map((view.parts["truth.kpis"] ?? []).map(kpi => [kpi.name, kpi]));
  $("kpis").replaceChildren(...view.parts.kpis.map(kpi => {
    const value = make("div", { className: "value" }, figure(kpi));
    if (kpi.of !== null) value.append(make("small", { textContent: ` of ${number(kpi.of)}` }));
    const real = truly.get(kpi.name), differs = view.map.truth && real && figure(real) !== figure(kpi);
    if (differs) value.append(make("span", { className: "true", textContent: `${figure(real)} in truth` }));
    return make("div", { className: "kpi", role: "listitem", "data-kpi": kpi.name },
      make("div", { className: "name", textContent: LOOKS.kpis[kpi.name] ?? words(kpi.name) }), value);
  }));
}

function showNames() {
  const names = [...view.parts.vehicles.map(v => v[0]), ...(view.parts.orders ?? []).map(o => o[0])];
  $("names").replaceChildren(...names.slice(0, 3000).map(value => make("option", { value })));
}
