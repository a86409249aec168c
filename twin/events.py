"""The catalogue: every kind of event and command, with the fields its payload has.

Event kinds are past tense, commands imperative. A payload is a plain dict that satisfies its ``TypedDict`` in
``twin.payloads``; the JSON Schema of each kind and version is made from it and published in ``docs/schemas.json``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from twin.payloads import (
    Arrived,
    BreakdownEnded,
    BreakdownStarted,
    BreakTaken,
    CommandReceived,
    DeliveryAttempted,
    Departed,
    DepotRegistered,
    DriverRegistered,
    HarshEvent,
    IncidentEnded,
    IncidentStarted,
    InspectionDone,
    LoadingDone,
    OrderCancelled,
    OrderDelivered,
    OrderEndOvertaken,
    OrderFailed,
    OrderLeftOut,
    OrderPickedUp,
    OrderPlaced,
    OrderRebooked,
    PlanMade,
    Refuelled,
    RoadBlockMet,
    RoadClosed,
    RoadOpened,
    ServiceStarted,
    SettingChanged,
    ShiftEnded,
    ShiftStarted,
    VehicleRegistered,
    WeatherChanged,
)
from twin.payloads_advice import (
    ApproveRecommendation,
    ChangeRecommendation,
    RecommendationAnswered,
    RecommendationMade,
    RefuseRecommendation,
)
from twin.payloads_alerts import (
    AcknowledgeException,
    AlertCleared,
    AlertRaised,
    AssignException,
    EtaEstimated,
    ExceptionAcknowledged,
    ExceptionAssigned,
    ExceptionEscalated,
    ExceptionNoted,
    ExceptionOpened,
    ExceptionResolved,
    NoteException,
    ResolveException,
)
from twin.payloads_commands import (
    AddOrder,
    AssignOrder,
    CancelOrder,
    ChangeSetting,
    CloseRoad,
    InjectIncident,
    ReplayDeadLetters,
    SetRoute,
    UnassignOrder,
)
from twin.payloads_customer import (
    CustomerAnswered,
    CustomerCalled,
    CustomerNotified,
    DisputeDecided,
    DisputeOpened,
    ProofCaptured,
)
from twin.payloads_dispatch import (
    CallDriver,
    ChangeOrder,
    DriverCallAsked,
    HoldVehicle,
    MessageRead,
    OrderChanged,
    ReleaseVehicle,
    SendMessage,
    UpdateStop,
)
from twin.payloads_plant import (
    PhoneCallEnded,
    PlantFailed,
    PlantRestored,
    RunbookStepTaken,
    StandbyDrilled,
    StandbyTookOver,
    WaitedForConnection,
)


@dataclass(frozen=True)
class Kind:
    """A registered kind: its payload type and the version of its meaning."""

    name: str
    payload: type
    version: int = 1
    command: bool = False

    def json_schema(self) -> dict[str, Any]:
        """The published JSON Schema of the payload."""
        return _adapter(self.payload).json_schema()


def _kinds(command: bool, *types: type) -> dict[str, Kind]:
    return {name: Kind(name, t, command=command) for t in types for name in [_snake(t.__name__)]}


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


EVENTS: dict[str, Kind] = _kinds(
    False, OrderPlaced, OrderCancelled, OrderLeftOut, OrderPickedUp, OrderDelivered, DeliveryAttempted, OrderFailed,
    OrderRebooked, OrderEndOvertaken,
    DepotRegistered, VehicleRegistered, DriverRegistered, ShiftStarted, InspectionDone, LoadingDone, Departed, Arrived,
    RoadBlockMet, ServiceStarted, BreakTaken, Refuelled, ShiftEnded, HarshEvent, BreakdownStarted, BreakdownEnded,
    IncidentStarted, IncidentEnded, WeatherChanged, RoadClosed, RoadOpened, CommandReceived, PlanMade, SettingChanged,
    WaitedForConnection,
    CustomerNotified, CustomerCalled, CustomerAnswered, ProofCaptured, DisputeOpened, DisputeDecided,
    PlantFailed, PlantRestored, StandbyTookOver, StandbyDrilled, RunbookStepTaken, PhoneCallEnded,
    AlertRaised, AlertCleared, ExceptionOpened, ExceptionAcknowledged, ExceptionAssigned, ExceptionEscalated,
    ExceptionNoted, ExceptionResolved, EtaEstimated,
    OrderChanged, DriverCallAsked, MessageRead, RecommendationMade, RecommendationAnswered,
)  # fmt: skip
COMMANDS: dict[str, Kind] = _kinds(
    True, SetRoute, AssignOrder, UnassignOrder, CancelOrder, AddOrder, CloseRoad, ChangeSetting, InjectIncident,
    AcknowledgeException, AssignException, NoteException, ResolveException, ReplayDeadLetters,
    HoldVehicle, ReleaseVehicle, SendMessage, CallDriver, ChangeOrder, UpdateStop,
    ApproveRecommendation, RefuseRecommendation, ChangeRecommendation,
)  # fmt: skip
KINDS: dict[str, Kind] = EVENTS | COMMANDS

ORDER_ENDS = ("order_delivered", "order_failed", "order_cancelled", "order_left_out")
"""An order ends in exactly one of these; head office may take it for ended by another until it hears."""


@cache
def _adapter(payload: type) -> Any:
    from pydantic import ConfigDict, TypeAdapter

    payload.__pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)  # type: ignore[attr-defined]
    return TypeAdapter(payload)


@cache
def _is_valid(kind: str) -> Callable[[Any], bool]:
    return _adapter(KINDS[kind].payload).validator.isinstance_python


def validate(kind: str, payload: Any) -> str | None:
    """Check a payload against its schema; None if good, else one line saying what is wrong with it."""
    if kind not in KINDS:
        return f"unknown kind {kind!r}"
    return None if _is_valid(kind)(payload) else _complaint(kind, payload)


def _complaint(kind: str, payload: Any) -> str | None:
    from pydantic import ValidationError

    try:
        _adapter(KINDS[kind].payload).validate_python(payload)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{kind}.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return None
