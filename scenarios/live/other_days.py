"""Other days beside the one being played: its past, what would have been without anybody's help, and branches of it."""

import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine.clock import MINUTE
from scenarios.folder import make_folder, read_commands, read_json
from scenarios.live.aside import Aside, Variant
from scenarios.live.pace import Pace
from scenarios.live.playhead import Playhead
from scenarios.live.recorded import RecordedDay
from scenarios.live.simulated import SimulatedDay
from scenarios.live.snapshot import Day
from scenarios.live.truth import TRUTH
from scenarios.live.viewer import Viewer
from scenarios.run import Session

SMART = "smart"
STRIDE_US = 10 * MINUTE
Later = Callable[[Callable[[], None]], None]
"""Have something done on the player's own thread."""


class OtherDays:
    """Runs and keeps them; ``parts`` are what everybody is shown of a comparison."""

    def __init__(self, later: Later) -> None:
        self._later = later
        self._asides: list[Aside] = []
        self._wanted: dict[Viewer, int] = {}  # who waits for the past, and for which moment of it
        self._past: RecordedDay | None = None
        self._replaying = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.parts: dict[str, Any] = {}

    def of(self, day: Day) -> None:
        """The day being played."""
        self.close()
        self._day, self._past = day, None
        self.parts = {"debrief": None, TRUTH + "debrief": None}

    def close(self) -> None:
        """Nobody needs them any more."""
        for aside in self._asides:
            aside.stop()
        self._asides.clear()
        self._wanted.clear()
        self._replaying = False
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    # --- the past ---

    def past(self, viewer: Viewer, at_us: int) -> None:
        """Show a viewer the day as it was at a moment: at once, or when it has been run again up to now.

        Raises:
            ValueError: the moment is not past, or the day is kept in memory only.
        """
        if viewer.head is not None:
            viewer.head.do("seek", {"at_us": at_us})
            return
        self._folder_of()
        if not self._day.start_us <= at_us <= self._day.now_us:
            raise ValueError("past: expected a moment from the start of the day to now")
        if self._past is not None and at_us <= self._past.end_us:
            self._show(viewer, at_us)
            return
        self._wanted[viewer] = at_us
        viewer.note = "going back: the day is run again"
        if not self._replaying:
            self._replay()

    def _replay(self) -> None:
        folder = self._folder_of()
        self._replaying = True
        if self._sealed:
            threading.Thread(target=self._read, args=(folder,), name="past", daemon=True).start()
            return
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="twin-past-")
        out = Path(self._folder.name) / str(self._day.now_us)
        variant = {"policy": None, "commands": read_commands(folder), "out": str(out)}
        self._aside({"past": variant}, lambda _: self._read(out))

    def _read(self, out: Path) -> None:
        """On a thread of its own: reading takes a while too."""
        day = RecordedDay(out)
        self._later(partial(self._ready, day))

    def _ready(self, day: RecordedDay) -> None:
        self._past, self._replaying = day, False
        wanted, self._wanted = self._wanted, {}
        for viewer, at_us in wanted.items():
            self._show(viewer, at_us)

    def _show(self, viewer: Viewer, at_us: int) -> None:
        if self._past is None:
            return
        own = self._past.again()
        own.seek(at_us)
        viewer.head, viewer.note = Playhead(own, Pace(60.0), own=True), ""

    # --- what would have been ---

    def compare(self) -> str:
        """Run the same seed untouched, and under ``smart``, up to now; ``debrief`` when that is done.

        A day told again has no now of its own: each viewer is elsewhere in it. The whole of it is compared.
        """
        folder = self._folder_of()
        played = {} if self._sealed else {"played": {"policy": None, "commands": read_commands(folder), "out": None}}
        variants: dict[str, Variant] = played | {
            "untouched": {"policy": None, "commands": [], "out": None},
            SMART: {"policy": SMART, "commands": [], "out": None},
        }
        self._debriefed("working", [], [])
        self._aside(variants, lambda found: self._later(partial(self._compared, found)))
        return "the same day is run untouched, and under smart"

    def _compared(self, found: dict[str, Any]) -> None:
        if "played" not in found:
            found = {"played": read_json(self._folder_of() / "kpis.json"), **found}

        def rows(field: str) -> list[dict[str, Any]]:
            table = []
            for name, kpi in found["played"].items():
                values = {variant: kpis[name][field] for variant, kpis in found.items()}
                if any(value is not None for value in values.values()):
                    shared = {key: kpi[key] for key in ("unit", "better", "kind", "owner", "range")}
                    table.append({"name": name, **shared, **values})
            return table

        self._debriefed("ready", rows("reported"), rows("value"))

    def _debriefed(self, state: str, told: list[Any], true: list[Any]) -> None:
        about = {"state": state, "until_us": self._until_us}
        self.parts = {"debrief": about | {"kpis": told}, TRUTH + "debrief": about | {"kpis": true}}

    # --- another future ---

    def branched(self, at_us: int, say: Callable[[str], None]) -> SimulatedDay:
        """The same day up to a moment, in a folder of its own, to go on differently; this one is left as it is.

        Raises:
            ValueError: the moment is not past, or the day is not one being simulated.
        """
        day, folder = self._day, self._folder_of()
        if not isinstance(day, SimulatedDay) or not day.start_us <= at_us <= day.now_us:
            raise ValueError("branch: expected a moment from the start of a day being simulated to now")
        commands = [command for command in read_commands(folder) if command["at_us"] <= at_us]
        session = day.session
        day.close()
        number = sum(1 for _ in folder.parent.glob(f"{folder.name}-branch-*")) + 1
        out = make_folder(folder.with_name(f"{folder.name}-branch-{number}"))
        say("branching: the day is run again up to there")
        other = SimulatedDay(Session(session.scenario, session.ground, out, None, commands))
        while other.now_us < at_us:
            other.advance(min(at_us, other.now_us + STRIDE_US))
        return other

    @property
    def _sealed(self) -> bool:
        """Whether the day is over, and its folder one of a finished run."""
        return isinstance(self._day, SimulatedDay) and self._day.sealed

    @property
    def _until_us(self) -> int:
        """Up to when there is something to run again."""
        return self._day.end_us if isinstance(self._day, RecordedDay) else self._day.now_us

    def _folder_of(self) -> Path:
        folder = self._day.folder
        if folder is None or not read_json(folder / "manifest.json"):
            raise ValueError("this day is kept in memory only: it has no past to look at, and cannot be run again")
        return folder

    def _aside(self, variants: dict[str, Variant], then: Callable[[dict[str, Any]], None]) -> None:
        self._asides = [aside for aside in self._asides if aside.running]
        self._asides.append(
            Aside(
                self._folder_of(), self._until_us, variants, then, lambda why: self._later(partial(self._failed, why))
            )
        )

    def _failed(self, why: str) -> None:
        self._replaying = False
        for viewer in self._wanted:
            viewer.note = why
        self._wanted.clear()
        if (self.parts["debrief"] or {}).get("state") == "working":
            self._debriefed("failed", [], [])
