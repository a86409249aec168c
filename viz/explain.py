"""``twin explain``: one order's story for the terminal, truth beside what head office knew."""

from collections.abc import Sequence

from engine.clock import LocalTime
from scenarios.telling.route_changes import RouteChange, VehicleChanges
from scenarios.telling.story import Moment, Story
from twin.events import COMMANDS

TIME_WIDTH, GAP = 10, 2


def explain_text(story: Story, width: int = 100) -> str:
    """The story as text, at most ``width`` columns wide (at least 60)."""
    width = max(width, 60)
    clock = LocalTime(story.time_zone)
    changes = _changes(story.changes, clock, width)
    return "\n".join([*_heading(story, clock, width), "", *_table(story, clock, width), *changes, *_why(story), ""])


def vehicle_text(vehicle: VehicleChanges, width: int = 100) -> str:
    """The changes of a vehicle's route as text."""
    clock = LocalTime(vehicle.time_zone)
    heading = f"Vehicle {printable(vehicle.vehicle_id)}, changes of its route: {len(vehicle.changes)}"
    return "\n".join([heading, *_changes(vehicle.changes, clock, max(width, 60)), ""])


def printable(text: str) -> str:
    """Names come from files: control characters in them must not steer the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _heading(story: Story, clock: LocalTime, width: int) -> list[str]:
    windows = ", ".join(f"{clock.text(o)[:5]}–{clock.text(c)[:5]}" for o, c in story.windows_us) or "any time"
    facts = [f"window {windows}"]
    facts += [f"for {story.customer}"] if story.customer else []
    facts += [f"by {story.vehicle_id} ({story.driver_id})"] if story.vehicle_id else []
    lines = [f"Order {story.order_id}: {story.state.replace('_', ' ')}", ", ".join(facts), story.verdict]
    if story.state in ("on_time", "late"):
        known = "knew of it" if story.office_state == "delivered" else f"still took it for {story.office_state}"
        lines.append(f"When the run ended, head office {known}.")
    return [piece for line in lines for piece in _wrap(printable(line), width)]


def _table(story: Story, clock: LocalTime, width: int) -> list[str]:
    column = (width - TIME_WIDTH - GAP) // 2
    lines = [f"{'time':{TIME_WIDTH}}{'on the road':{column + GAP}}at head office", "─" * width]
    for moment in story.moments:
        left, right = _sides(moment)
        lefts, rights = _wrap(printable(left), column), _wrap(printable(right), column)
        for i in range(max(len(lefts), len(rights), 1)):
            time = clock.text(moment.at_us) if i == 0 else ""
            left_cell, right_cell = (cells[i] if i < len(cells) else "" for cells in (lefts, rights))
            lines.append(f"{time:{TIME_WIDTH}}{left_cell:{column + GAP}}{right_cell}".rstrip())
    return lines


def _sides(moment: Moment) -> tuple[str, str]:
    if moment.side == "office":
        if moment.age_s is not None:
            return f"received {_age(moment.age_s)} later", moment.text
        return "never received" if moment.kind in COMMANDS else "", moment.text
    if moment.kind == "incident_started":  # no message: nobody is told of it
        return moment.text, ""
    return moment.text, f"heard {_age(moment.age_s)} later, {moment.by}" if moment.age_s is not None else "never heard"


def _age(age_s: float | None) -> str:
    if age_s is None:
        return "never"
    if age_s < 100:
        return f"{age_s:.1f} s" if age_s < 10 else f"{age_s:.0f} s"
    return f"{age_s / 60:.0f} min" if age_s < 7200 else f"{age_s / 3600:.1f} h"


def _changes(changes: Sequence[RouteChange], clock: LocalTime, width: int) -> list[str]:
    """What changed on the route, why, what it cost, who approved."""
    if not changes:
        return []
    lines = ["", "Changes of the route after the day's plan:"]
    for change in changes:
        what, *more = _wrap(printable(change.what), width - TIME_WIDTH) or [""]
        lines.append(f"{clock.text(change.at_us):{TIME_WIDTH}}{what}")
        lines += [f"{'':{TIME_WIDTH}}{piece}" for piece in more]
        for text in (f"why: {change.why}", f"cost: {change.cost}", f"approved by: {change.approved_by}"):
            lines += [f"{'':{TIME_WIDTH + GAP}}{piece}" for piece in _wrap(printable(text), width - TIME_WIDTH - GAP)]
    return lines


def _why(story: Story) -> list[str]:
    if story.lateness is None:
        return []
    lines = ["", "Why it was late, in minutes:"]
    for part in story.lateness.parts:
        note = f"  ({printable(part.note)})" if part.note else ""
        lines.append(f"{part.minutes:+8.1f}  {part.text}{note}")
    return [*lines, f"{story.lateness.minutes:+8.1f}  late"]


def _wrap(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)
