"""Incidents: causes injected into a run as data, each restoring the world when it ends.

An incident is a generator over a ``Stage`` (the handles it may move); what it does before its first ``yield`` is its
start, what it yields is how long to wait (microseconds). Register one with a line here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from scenarios.incidents.breakdown import Breakdown, breakdown
from scenarios.incidents.carrier_outage import CarrierOutage, carrier_outage
from scenarios.incidents.clock_jump import ClockJump, clock_jump
from scenarios.incidents.demand_surge import DemandSurge, demand_surge
from scenarios.incidents.device_gone import DeviceGone, device_gone
from scenarios.incidents.device_swapped import DeviceSwapped, device_swapped
from scenarios.incidents.device_unplugged import DeviceUnplugged, device_unplugged
from scenarios.incidents.dispatcher_absent import DispatcherAbsent, dispatcher_absent
from scenarios.incidents.feed_break import FeedBreak, feed_break
from scenarios.incidents.gnss_jamming import GnssJamming, gnss_jamming
from scenarios.incidents.gnss_spoofing import GnssSpoofing, gnss_spoofing
from scenarios.incidents.platform_outage import PlatformOutage, platform_outage
from scenarios.incidents.road_closure import RoadClosure, road_closure
from scenarios.incidents.schema_change import SchemaChanged, schema_change
from scenarios.incidents.terminal_link_cut import TerminalLinkCut, terminal_link_cut
from scenarios.incidents.weather import WeatherIncident, weather

Play: TypeAlias = Callable[[Any, str, Any], Generator[int, None, None]]


@dataclass(frozen=True)
class Incident:
    """A registered kind of incident: its parameters and what it does."""

    parameters: type[BaseModel]
    play: Play

    @property
    def summary(self) -> str:
        """First line of its documentation."""
        return (self.play.__doc__ or "").strip().splitlines()[0]


INCIDENTS: dict[str, Incident] = {
    "breakdown": Incident(Breakdown, breakdown),
    "carrier_outage": Incident(CarrierOutage, carrier_outage),
    "clock_jump": Incident(ClockJump, clock_jump),
    "demand_surge": Incident(DemandSurge, demand_surge),
    "device_gone": Incident(DeviceGone, device_gone),
    "device_swapped": Incident(DeviceSwapped, device_swapped),
    "device_unplugged": Incident(DeviceUnplugged, device_unplugged),
    "dispatcher_absent": Incident(DispatcherAbsent, dispatcher_absent),
    "feed_break": Incident(FeedBreak, feed_break),
    "gnss_jamming": Incident(GnssJamming, gnss_jamming),
    "gnss_spoofing": Incident(GnssSpoofing, gnss_spoofing),
    "platform_outage": Incident(PlatformOutage, platform_outage),
    "road_closure": Incident(RoadClosure, road_closure),
    "schema_change": Incident(SchemaChanged, schema_change),
    "terminal_link_cut": Incident(TerminalLinkCut, terminal_link_cut),
    "weather": Incident(WeatherIncident, weather),
}
