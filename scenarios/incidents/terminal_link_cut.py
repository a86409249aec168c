"""The terminal's primary line is cut."""

from collections.abc import Generator
from typing import Literal

from pydantic import Field

from engine.clock import SECOND
from scenarios.incidents.stage import Stage, Timing


class TerminalLinkCut(Timing):
    """The standby (``head_office.terminal_link.standby``), if there is one, takes over when it works."""

    standby: Literal["as_drawn", "takes_over", "fails"] = Field(
        "as_drawn", description="`as_drawn`: whether it works follows from its hidden failures and drills"
    )


def terminal_link_cut(stage: Stage, name: str, what: TerminalLinkCut) -> Generator[int, None, None]:
    """The terminal's primary line is cut for a while."""
    link = stage.plant.link
    link.cut(name, {"as_drawn": None, "takes_over": True, "fails": False}[what.standby])
    yield round(what.lasts_s * SECOND)
    link.mend(name)
