// What somebody was looking at, kept in this tab while the page is opened again: a reload, another role, an engine or a
// server that was lost and is back. Names, not rows: the day may have been opened anew.

const KEPT = "twin-kept";
const dayName = ({ day }) => `${day.name} ${day.start_us}`;

function keep() {
  const { map, parts } = view;
  if (view.leaving) { sessionStorage.removeItem(KEPT); return; }
  sessionStorage.setItem(KEPT, JSON.stringify({
    day: dayName(parts), page: view.page, panel: view.panel, looked: map.looked.map(vehicleName), order: view.order < 0 ? "" : orderName(view.order),
    place: map.scale ? [...map.centre(), map.scale] : null, truth: map.truth, following: map.following,
  }));
}

/** Look at the same again, as far as there is such a thing and the role may see it. */
function lookAgain() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (kept?.day !== dayName(view.parts)) return;
  const rows = kept.looked.map(vehicleRow).filter(i => i >= 0), order = kept.order ? orderRow(kept.order) : -1;
  if (kept.place && view.map.onScreen) view.map.show(...kept.place);
  if (rows.length || order >= 0) chooseRows(rows, order);
  if (kept.truth !== view.map.truth) toggleTruth();
  if (kept.following) toggleFollow();
  if (PANELS.has(kept.panel)) openPanel(kept.panel);
  if (view.parts.session.pages.includes(kept.page)) openPage(kept.page);
}
