// A form for incidents, made from the schema of each kind as the engine gives it.

const NOT_ASKED = ["kind", "day", "rate_per_day"];
const FIRST = ["vehicle", "other", "street", "near_depot", "lat", "lon", "radius_m", "at", "lasts_s"];

function injectForm(root) {
  const kinds = view.parts.incident_kinds ?? {};
  if (!may("inject") || !Object.keys(kinds).length) {
    root.replaceChildren(nothing(view.parts.day.recorded ? "This day is recorded: nothing more can happen in it." : "Nothing can be made to happen here."));
    return;
  }
  const kind = make("select", { id: "incident-kind" }, ...options(Object.keys(kinds), words)), about = make("p", { className: "quiet" });
  const inputs = make("div", { className: "inputs" }), form = make("form", { className: "inject" });
  let asked = [];
  const show_ = () => {
    const schema = kinds[kind.value];
    about.textContent = aboutText(schema);
    asked = fieldsOf(schema).map(([name, spec]) => ({ name, spec, input: inputFor(name, spec, schema.required?.includes(name)) }));
    inputs.replaceChildren(...asked.map(({ name, spec, input }) => make("label", { className: "field", title: plainWords(spec.description ?? "") }, make("span", { textContent: fieldName(name) }), input)));
  };
  kind.onchange = show_;
  form.onsubmit = event => {
    event.preventDefault();
    const incident = { kind: kind.value };
    for (const { name, spec, input } of asked) {
      const value = valueOf(input, spec);
      if (value !== undefined) incident[name] = value;
    }
    act({ do: "inject", incident });
  };
  form.append(field("What happens", kind), about, inputs, make("div", { className: "do" }, make("button", { className: "primary", textContent: "Make it happen" })));
  root.replaceChildren(form);
  show_();
}

/** A docstring as plain words. */
const plainWords = text => text.replaceAll("`", "").replace(/\s+/g, " ").trim();

/** A description with its fields called what the form calls them. */
function aboutText(schema) {
  const named = (schema.description ?? "").replace(/``?(\w+)``?/g, (_, name) => schema.properties[name] ? `“${bareName(name)}”` : name);
  const text = plainWords(named);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const fieldsOf = schema => Object.entries(schema.properties).filter(([name]) => !NOT_ASKED.includes(name))
  .sort(([a], [b]) => (FIRST.indexOf(a) + 1 || 99) - (FIRST.indexOf(b) + 1 || 99));

const ENDINGS = { _s: "seconds", _m: "metres", _mps: "metres a second", _deg: "degrees" };

function fieldName(name) {
  if (name === "at") return "At (local time; empty: now)";
  const ending = endingOf(name);
  return ending ? `${bareName(name)} (${ENDINGS[ending]})` : bareName(name);
}

const endingOf = name => Object.keys(ENDINGS).find(end => name.endsWith(end));
const bareName = name => words(name.slice(0, name.length - (endingOf(name)?.length ?? 0)));

/** The part of a schema that is not null. */
const kindOf = spec => spec.anyOf?.find(one => one.type !== "null") ?? spec;
const optional = spec => Boolean(spec.anyOf?.some(one => one.type === "null"));

function inputFor(name, spec, required = false) {
  const p = view.parts, type = kindOf(spec), given = spec.default ?? "";
  const choice = type.enum ?? (["vehicle", "other"].includes(name) ? p.vehicles.map(row => row[0]) : name === "near_depot" ? p.depots : null);
  if (choice) {
    const input = make("select", { required }, ...(optional(spec) ? [make("option", { value: "", textContent: "–" })] : []), ...options(choice, type.enum ? words : undefined));
    input.value = given || (optional(spec) ? "" : choice[0]);
    return input;
  }
  if (["number", "integer"].includes(type.type)) {
    return make("input", { type: "number", step: type.type === "integer" ? 1 : "any", min: type.minimum ?? "", max: type.maximum ?? "", value: given, required });
  }
  if (type.type === "array") return make("input", { value: Array.isArray(given) ? given.join(", ") : given, placeholder: "names, commas between", required, autocomplete: "off" });
  if (type.type === "object") return make("input", { placeholder: "old=new, commas between", autocomplete: "off" });
  return make("input", { value: given, placeholder: name === "at" ? "HH:MM" : "", required, autocomplete: "off" });
}

/** What was filled in, as the schema wants it; undefined where nothing was. */
function valueOf(input, spec) {
  const text = input.value.trim(), type = kindOf(spec).type;
  if (!text) return undefined;
  if (type === "number" || type === "integer") return Number(text);
  const pieces = text.split(",").map(piece => piece.trim()).filter(Boolean);
  if (type === "array") return pieces;
  return type === "object" ? Object.fromEntries(pieces.map(piece => piece.split("=").map(side => side.trim()))) : text;
}
