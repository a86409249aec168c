// Who is at the page: the name, a change of role, signing out. And what is done when the line to the server is lost.

const HERE_MS = 60_000, QUIET_MS = 9000, LOOK_MS = 3000;

function showAccount({ user, role, title, roles, signed_in }) {
  const name = make("span", { className: "name", textContent: user === role ? title : user, title: user });
  $("who").replaceChildren(name);
  if (roles.length > 1) {
    const pick = make("select", { "aria-label": "Role" }, ...roles.map(([value, words]) => make("option", { value, textContent: words })));
    pick.value = role;
    pick.onchange = () => act({ do: "switch", role: pick.value }, ({ ok }) => { if (!ok) pick.value = role; });
    $("who").append(pick);
  } else if (user !== role) $("who").append(make("span", { className: "quiet", textContent: title }));
  if (!signed_in) return;
  const out = make("button", { textContent: "Sign out", id: "sign-out", type: "button" });
  out.onclick = () => { view.leaving = true; act({ do: "sign_out" }); };
  $("who").append(out);
  let told = performance.now();
  const here = () => { if (performance.now() - told > HERE_MS) { told = performance.now(); act({ do: "here" }); } };
  for (const sign of ["pointerdown", "keydown", "wheel"]) document.addEventListener(sign, here, { passive: true, capture: true });
}

/** The server ends this page: another role, signed out, or the engine is back. */
function openAgain() { location.replace(view.leaving ? "/bye" : "/"); }

/** The engine is lost: what was known stays on the page, and the server looks for the engine. */
function engineLost(text) {
  lost(`No news from the engine: ${text}. You see what was known last; the page opens again by itself once it answers.`);
}

/** The server says every other second that it is there. Once it does not, it is looked for. */
function watchServer(when) {
  let beaten = performance.now();
  when("beat", () => { beaten = performance.now(); });
  setInterval(async () => {
    if (performance.now() - beaten < QUIET_MS) return;
    view.away = true;
    lost("The connection to the server is lost. You see what was known last; the page opens again by itself once the server answers.");
    try {
      await fetch("/static/js/bokeh.min.js", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(QUIET_MS) });  // a server that hangs is none
      openAgain();
    } catch { /* not yet */ }
  }, LOOK_MS);
}
