// The engineer's page: how much comes in, how old it is, what waits on the road, what is down, what could not be used.

const engineer = {};

registerPage("engineer", {
  title: "Engineer",
  build(root) {
    for (const name of ["flow", "age", "kinds", "down", "letters", "radio", "backlog"]) engineer[name] = make("div", {});
    engineer.replay = make("div", {});
    root.append(engineer.flow);
    engineer.letters.className = "letters";
    root.append(make("div", { className: "grid three" },
      panel("Down and silent", "Parts of head office that are known to be down, feeds that a rule says are silent.", engineer.down),
      panel("Age of information", "Vehicles by how long ago the position that head office has of them was measured.", engineer.age),
      panel("Messages by kind", "Received so far, the most frequent.", engineer.kinds)));
    root.append(panel("Dead letters", "Messages that head office could not use, the newest first: kept, never believed, and read again once you say how.", engineer.replay, engineer.letters));
    if (view.parts.session.truth) {
      root.append(make("div", { className: "grid two" },
        panel("Waiting in devices, in truth", "What has been measured or written and has not left the vehicle. Head office cannot see this.", engineer.backlog),
        panel("Carried by radio, in truth", "Messages in both directions since the start of the day.", engineer.radio)));
    }
  },
  show(p, changed) {
    if (hasAny(changed, "engineer")) showFlow(p.engineer);
    if (hasAny(changed, "engineer", "age.vehicles")) showAge(p);
    if (hasAny(changed, "engineer")) showLetters(p.engineer);
    if (p["truth.backlog.samples"] && hasAny(changed, "truth.backlog.samples", "truth.backlog.messages")) showBacklog(p);
    if (p["truth.courier"] && hasAny(changed, "truth.courier")) showCourier(p["truth.courier"]);
  },
});

function showFlow(e) {
  engineer.flow.replaceChildren(make("div", { className: "tiles" },
    tile("Messages a second", e.messages_per_s === null ? "–" : number(e.messages_per_s), make("small", { textContent: "without telematics, over the last minute" })),
    tile("Samples a second", e.samples_per_s === null ? "–" : number(e.samples_per_s), make("small", { textContent: "of telematics, over the last minute" })),
    tile("Messages received", number(e.messages)), tile("Duplicates dropped", number(e.duplicates)),
    tile("Dead letters", number(e.dead_letters)), tile("Wrong clocks", number(e.clock_faults), make("small", { textContent: "believed, their times were not" }))));
  const kinds = Object.entries(e.kinds).map(([kind, count_]) => [words(kind), count_]);
  engineer.kinds.replaceChildren(kinds.length ? bars("Messages by kind", kinds) : nothing("No message yet."));
  const down = [...Object.entries(e.down).map(([name, us]) => [name, us, "down"]), ...Object.entries(e.silent).map(([name, us]) => [name, us, "silent"])];
  engineer.down.replaceChildren(down.length ? shortTable("Down and silent", [
    { title: "What", cell: row => words(row[0]) }, { title: "Is", cell: row => make("span", { className: "flag", textContent: row[2] }) },
    { title: "Since", num: true, cell: row => localTime(row[1], false) }, { title: "For", num: true, cell: row => since(row[1]) },
  ], down) : nothing("✓ Everything is up, and every feed is heard."));
}

const AGES = ["up to 10 s", "up to 30 s", "up to 1 min", "up to 2 min", "up to 5 min", "up to 10 min", "up to 30 min", "up to 1 h", "older"];

function showAge(p) {
  const { age_s } = p.engineer;
  const marks = Object.entries({ "half are younger than": age_s.p50, "nine in ten than": age_s.p90, "99 in 100 than": age_s.p99, "the oldest": age_s.max });
  engineer.age.replaceChildren(age_s.max === null ? nothing("No position has been received yet.") : make("div", {},
    bars("Age of information", AGES.map((name, k) => [name, p["age.vehicles"][k]])),
    make("dl", { className: "marks" }, ...marks.flatMap(([name, s]) => [make("dt", { textContent: name }), make("dd", { textContent: duration(s) })]))));
}

// --- dead letters ---

function showLetters(e) {
  const letters = [...e.letters].reverse();
  renew(engineer.letters, letters.length ? shortTable("Dead letters", [
    { title: "Received", cell: row => localTime(row[0]) }, { title: "From", cell: row => row[1] }, { title: "Kind", cell: row => row[2] },
    { title: "Why it could not be used", cell: row => row[3] }, { title: "Message", cell: row => row[4] },
  ], letters) : nothing("✓ None: every message could be used."));
  const kinds = [...new Set(letters.map(row => row[2]))].sort(), known = kinds.join();
  if (engineer.known === known) return;
  engineer.known = known;
  engineer.replay.replaceChildren(...(kinds.length && can("replay") ? [replayForm(kinds)] : []));
}

/** Read the dead letters of a kind again, with fields renamed. */
function replayForm(kinds) {
  const kind = make("select", {}, ...options(kinds)), rename = make("input", { placeholder: "latitude=lat, longitude=lon", autocomplete: "off" });
  const form = make("form", { className: "do ask" }, field("Read again", kind), field("Fields, as sent=as known", rename), make("button", { className: "primary", textContent: "Read them again" }));
  form.onsubmit = event => {
    event.preventDefault();
    const pairs = rename.value.split(",").map(pair => pair.split("=").map(side => side.trim())).filter(pair => pair.join(""));
    if (pairs.some(pair => pair.length !== 2 || !pair[0] || !pair[1])) { toast({ ok: false, text: "Fields: write each as sent=known, with commas between, for example latitude=lat" }); return; }
    act({ do: "replay", kind: kind.value, rename: Object.fromEntries(pairs) });
  };
  return form;
}

// --- what only the truth tells ---

function showBacklog(p) {
  const samples = p["truth.backlog.samples"], messages = p["truth.backlog.messages"];
  const waiting_ = [...p.vehicles.keys()].filter(i => samples[i] || messages[i]).sort((a, b) => messages[b] - messages[a] || samples[b] - samples[a]);
  engineer.backlog.replaceChildren(waiting_.length ? shortTable("Waiting in devices", [
    { title: "Vehicle", cell: vehicleName }, { title: "Messages", num: true, cell: i => number(messages[i]) }, { title: "Samples", num: true, cell: i => number(samples[i]) },
    { title: "Last heard", num: true, cell: i => ago(p.age_s[i]) },
  ], waiting_.slice(0, 40)) : nothing("Nothing waits: every device is in touch."));
}

const COURIER = { offered: "Offered", delivered: "Delivered", waiting: "Waiting for a connection", in_transit: "On their way", duplicates: "Delivered twice", attempts: "Attempts" };

function showCourier({ to_office, to_road }) {
  const lost_ = way => Object.entries(way.lost).map(([why, n]) => `${number(n)} ${words(why)}`).join(", ") || "0";
  const rows = [...Object.entries(COURIER).map(([key, name]) => [name, number(to_office[key]), number(to_road[key])]), ["Lost", lost_(to_office), lost_(to_road)]];
  engineer.radio.replaceChildren(shortTable("Carried by radio", [
    { title: "", cell: row => row[0] }, { title: "To head office", num: true, cell: row => row[1] }, { title: "To the road", num: true, cell: row => row[2] },
  ], rows));
}
