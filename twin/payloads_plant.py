"""What events inside head office say: its systems failing and coming back, its runbook, its phone calls."""

from typing import Literal

from typing_extensions import TypedDict


class PlantFailed(TypedDict):
    """A part of head office's plant went down; of a feed that breaks silently nobody hears."""

    component: str
    cause: str  # the incident's name, or "own failure"; of the standby: "found at need"


class PlantRestored(TypedDict):
    component: str
    cause: str  # what went down last to hold it


class StandbyTookOver(TypedDict):
    """The standby line carries the terminal's traffic, ``after_s`` after the primary failed."""

    after_s: float


class StandbyDrilled(TypedDict):
    """The standby line was tried out; what was found broken was repaired."""

    found_failed: bool


class RunbookStepTaken(TypedDict):
    """A role did what the runbook says about a tool that is gone; it took ``minutes`` of that role's time."""

    step: str
    trigger: Literal["platform_down", "terminal_link_down", "feed_silent", "dispatcher_absent"]
    role: str
    minutes: float
    does: Literal["nothing", "call_drivers", "dispatch_by_phone", "call_supplier", "stand_in"]


class PhoneCallEnded(TypedDict):
    """Head office phoned a driver."""

    who: str
    purpose: Literal["status", "command", "route", "dispatcher"]
    waited_s: float  # for a free line
    call_s: float


class WaitedForConnection(TypedDict):
    """A driver without offline mode has stood waiting to be shown the next stop."""

    vehicle_id: str
    driver_id: str
    waited_s: float
    why: Literal["dead_zone", "outage", "network", "platform"]  # as it began
