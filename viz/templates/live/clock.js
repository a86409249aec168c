// The day's clock, its figures and its news; the keys and buttons of the whole page.

const PLAY = "M5 3l12 7-12 7z", PAUSE = "M4 3h4v14H4zM12 3h4v14h-4z";
const KEYS = [
  ["space", "play or pause"], [".", "one minute on"], ["+  −", "faster, slower"], ["b", "truth beside belief"],
  ["f", "follow the selected vehicle"], ["/", "find a vehicle or an order"], ["0", "show everything"],
  ["Esc", "select nothing"], ["?", "this list"],
];

function begin() {
  const { day } = view.parts, form = extra => new Intl.DateTimeFormat("en-GB", { timeZone: day.time_zone, ...extra });
  view.hms = form({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  view.hm = form({ hour: "2-digit", minute: "2-digit" });
  view.date = form({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  $("what").textContent = day.recorded ? "Recorded day" : "Live day";
  $("attribution").textContent = day.attribution;
  $("date").title = day.time_zone;
}

function showClock() {
  const { clock, day } = view.parts;
  $("clock").textContent = localTime(clock.now_us);
  $("date").textContent = view.date.format(clock.now_us / 1000);
  $("play-text").textContent = clock.playing ? "Pause" : "Play";
  $("play-icon").setAttribute("d", clock.playing ? PAUSE : PLAY);
  $("play").disabled = $("step").disabled = clock.ended;
  $("speed").textContent = clock.speed === null ? "max" : `×${number(clock.speed)}`;
  $("max").setAttribute("aria-pressed", String(clock.speed === null));
  $("reached").textContent = clock.playing && clock.reached !== null ? `runs at ×${number(Math.round(clock.reached))}` : "";
  const scrub = $("scrub");
  scrub.disabled = !clock.can_seek;
  scrub.title = clock.can_seek ? "Jump to a moment" : "How far the day is";
  if (!view.scrubbing) scrub.value = Math.round(1000 * (clock.now_us - day.start_us) / (day.end_us - day.start_us));
  if (!view.lost) {
    const words = clock.note ? `${clock.note} …` : clock.ended ? "The day is over." : "";
    $("notice").hidden = !words;
    $("notice").textContent = words;
  }
}

function showKpis() {
  const truly = new Map((view.parts["truth.kpis"] ?? []).map(kpi => [kpi.name, kpi]));
  $("kpis").replaceChildren(...view.parts.kpis.map(kpi => {
    const value = make("div", { className: "value" }, figure(kpi));
    if (kpi.of !== null) value.append(make("small", { textContent: ` of ${number(kpi.of)}` }));
    const real = truly.get(kpi.name), differs = view.map.truth && real && figure(real) !== figure(kpi);
    return make("div", { className: "kpi", role: "listitem", "data-kpi": kpi.name },
      make("div", { className: "name", textContent: LOOKS.kpis[kpi.name] ?? kpi.name.replaceAll("_", " ") }), value,
      make("div", { className: "true", textContent: differs ? `${figure(real)} in truth` : "" }));
  }));
}

function showNews() {
  $("news-lines").replaceChildren(...[...view.parts.news].reverse().map(([heard, occurred, , subject, text]) => {
    const late = Math.round((heard - occurred) / 1e6);
    const what = make("span", { textContent: text + (late >= 2 ? ` (${ago(late)} before)` : "") });
    return make("li", {}, make("time", { textContent: localTime(heard) }), make("b", { textContent: subject }), what);
  }));
}

function showNames() {
  const names = [...view.parts.vehicles.map(v => v[0]), ...(view.parts.orders ?? []).map(o => o[0])];
  $("names").replaceChildren(...names.slice(0, 3000).map(value => make("option", { value })));
}

const DO = {
  " ": () => act({ do: view.parts.clock.playing ? "pause" : "play" }), ".": () => act({ do: "step" }),
  "+": () => act({ do: "faster" }), "=": () => act({ do: "faster" }), "-": () => act({ do: "slower" }), b: toggleTruth, f: toggleFollow,
  "/": () => $("search").focus(), "0": fitAll, Escape: () => choose(-1), "?": () => $("keys").showModal(),
};

function listen() {
  const on = (id, todo) => $(id).addEventListener("click", () => { todo(); $(id).blur(); });
  on("play", DO[" "]); on("step", DO["."]); on("faster", DO["+"]); on("slower", DO["-"]);
  on("max", () => act({ do: "speed", value: null }));
  on("truth", toggleTruth); on("follow", toggleFollow); on("help", DO["?"]); on("fit", fitAll);
  on("zoom-in", () => view.map.zoom(1 / 1.6)); on("zoom-out", () => view.map.zoom(1.6));
  on("theme", () => setTheme(view.map.theme === "dark" ? "light" : "dark"));
  document.addEventListener("keydown", event => {
    const typing = event.target.matches?.("input:not([type=range]), select, textarea") || $("keys").open;
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    const todo = DO[event.key];
    if (!todo || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.closest?.("button, summary")) return;
    event.preventDefault();
    todo();
  });
  $("search").addEventListener("change", event => {
    if (find(event.target.value.trim())) { event.target.value = ""; event.target.blur(); }
  });
  const scrub = $("scrub"), day = () => view.parts.day;
  scrub.addEventListener("input", () => { view.scrubbing = true; });
  scrub.addEventListener("change", () => {
    view.scrubbing = false;
    act({ do: "seek", at_us: Math.round(day().start_us + scrub.value / 1000 * (day().end_us - day().start_us)) });
    scrub.blur();
  });
  mouse($("map"));
  $("keys-list").append(...KEYS.flatMap(([key, words]) => [make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: words })]));
}
