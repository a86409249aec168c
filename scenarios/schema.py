"""The scenario file's shape: strict, with units in the names; unknown keys are errors.

Every section is a frozen pydantic model whose field descriptions are what editors show (``json_schema``).
What there can be several of is a mapping by name, so that ``--set`` reaches it and random streams keep their names.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from scenarios.schema_network import AlertConfig, DeviceProfile, HeadOffice, RadioConfig
from scenarios.schema_orders import CustomersConfig, OrdersConfig
from scenarios.section import (
    WEEKDAYS,
    ClockTime,
    Latitude,
    Longitude,
    NonNegative,
    OneOf,
    PolicySetting,
    Positive,
    Section,
    Share,
    Slug,
    Weekday,
)


class SyntheticRoads(Section):
    nodes: int = Field(4000, ge=200, le=600_000, description="junctions, within a tenth")
    seed: int = Field(1, ge=0, description="of the region; not changed by the run's seed")
    mountains: Share = Field(0.35, description="share of the region that is mountainous")


ROADS_SOURCES = ("osm_file", "place", "synthetic", "matrix_file")


class RoadsConfig(Section):
    """One of ``osm_file``, ``place``, ``synthetic``, ``matrix_file``."""

    one_of: ClassVar[tuple[OneOf, ...]] = (tuple((source,) for source in ROADS_SOURCES),)

    osm_file: str | None = Field(None, description=".osm, .osm.gz, .osm.bz2 or .osm.pbf")
    place: str | None = Field(None, description="a place by name, through OSMnx")
    synthetic: SyntheticRoads | None = None
    matrix_file: str | None = Field(None, description="travel times given: CSV or npz")
    snap_m: Positive = Field(500.0, description="a stop further from the road than this is rejected")
    stations: int = Field(6, ge=0, le=10_000, description="fuel and charging stations placed at random junctions")

    @model_validator(mode="after")
    def _one_of(self) -> "RoadsConfig":
        given = [k for k in ROADS_SOURCES if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of {', '.join(ROADS_SOURCES)}; found {given or 'none'}")
        return self

    @property
    def real(self) -> bool:
        return self.osm_file is not None or self.place is not None


class WeatherSpell(Section):
    state: Literal["rain", "heavy_rain", "fog", "storm", "snow"]
    at: ClockTime
    lasts_s: Positive


class TrafficSection(Section):
    preset: Literal["default", "porto"] = Field("default", description="hourly levels: see docs/validation.md")
    congestion: Annotated[float, Field(ge=0, le=2)] = Field(
        1.0, description="scales the usual daily congestion; 0: free flow all day"
    )
    day_cv: Annotated[float, Field(ge=0, le=1)] = Field(0.12, description="variation of speeds from day to day")
    local_cv: Annotated[float, Field(ge=0, le=1)] = Field(0.3, description="variation by area and quarter hour")
    weather: Literal["clear", "seeded"] = Field("seeded", description="clear skies, or drawn for each day")
    weather_spells: dict[Slug, WeatherSpell] = Field(default_factory=dict, description="scripted, every day")


class DepotConfig(Section):
    """``lat`` and ``lon``, or ``position`` for a generated one."""

    one_of: ClassVar[tuple[OneOf, ...]] = ((("lat", "lon"), ("position",)),)

    lat: Latitude | None = None
    lon: Longitude | None = None
    position: Literal["centre", "edge", "random"] | None = None
    load_base_s: NonNegative = Field(300.0, description="loading: fixed part")
    load_order_s: NonNegative = Field(20.0, description="loading: per order")
    charger_kw: Positive = 22.0

    @model_validator(mode="after")
    def _place(self) -> "DepotConfig":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("expected both lat and lon")
        if (self.lat is None) == (self.position is None):
            raise ValueError("expected either lat and lon, or position: centre | edge | random")
        return self


class FleetGroup(Section):
    count: int = Field(1, ge=0, le=100_000)
    kind: str = Field("van_diesel", description="vehicle type: see `docs/scenario.md`")
    depot: Slug | None = Field(None, description="home depot; the first one if not given")
    capacity: dict[Slug, Positive] = Field(
        default_factory=lambda: {"weight_kg": 900.0, "volume_m3": 9.0}, description="by unit; units not named: no limit"
    )
    offers: list[Slug] = Field(default_factory=list, description="properties orders may need")
    device: Slug | None = Field(None, description="telematics profile; the first one if not given")
    low_emission: bool = Field(True, description="may enter low-emission zones")
    start_fill_share: Share = Field(0.9, description="tank or battery at the start")
    breakdowns_per_1000_km: NonNegative = Field(0.05, description="roadside failures")
    breakdown_s_mean: Positive = 5400.0


class ShiftBreak(Section):
    after_s: NonNegative = Field(14_400.0, description="earliest start after the shift's start")
    within_s: NonNegative = Field(5_400.0, description="it starts at most this much later")
    lasts_s: Positive = 1_800.0


class DriverGroup(Section):
    """Drivers of the named fleet groups, one a vehicle and day."""

    fleet: list[Slug] | None = Field(None, description="fleet groups they drive; all if not given")
    count: int | None = Field(None, ge=0, le=100_000, description="one a vehicle if not given")
    shift_start: ClockTime = "07:00"
    shift_end: ClockTime = "17:00"
    days: list[Weekday] = Field(default_factory=lambda: [*WEEKDAYS])
    rest: ShiftBreak | None = Field(default_factory=ShiftBreak)
    inspection_s: NonNegative = 300.0
    overtime_s: NonNegative = Field(1_800.0, description="a leg is begun if the driver is back within this")
    stand_by_s: NonNegative = Field(3_600.0, description="a driver at the depot without work is sent home after this")
    offers: list[Slug] = Field(default_factory=list)
    pace_cv: Share = Field(0.05, description="how drivers differ in driving speed")
    work_cv: Share = Field(0.15, description="how drivers differ in speed of work")
    harsh_per_100_km: NonNegative = Field(2.0, description="harsh events of an average driver")
    idle_share: Share = Field(0.15, description="stops at which an average driver leaves the engine on")


class PlanConfig(Section):
    planner: str = "pyvrp"
    settings: dict[str, PolicySetting] = Field(
        default_factory=dict, description="the planner's own parameters; `manual` has `skill`, from 0 to 1"
    )
    effort: int = Field(300, ge=0, le=10_000_000, description="iterations of the planner")
    at: ClockTime = Field("05:45", description="when the day is planned")
    margin_s: int = Field(300, ge=0, le=7200, description="vehicles leave this much earlier than just in time")
    balance: NonNegative = Field(0.0, description="cost per hour by which the longest route exceeds the mean")
    speeds_at: ClockTime = Field("10:00", description="usual speeds of this time are planned on")


class ApprovalConfig(Section):
    """Who decides what becomes of a policy's recommendations; the day's plan is released without asking."""

    mode: Literal["none", "simulated", "live"] = Field(
        "none",
        description="done at once; answered by a simulated dispatcher; or by a person with recorded commands "
        "(`approve_recommendation`, `refuse_recommendation`, `change_recommendation`)",
    )
    refuse_share: Share = Field(0.1, description="recommendations the simulated dispatcher does not agree with")
    habit_share: Share = Field(
        0.2, description="of the others: for which they would rather take the driver who knows the area"
    )
    expires_s: Positive = Field(900.0, description="a recommendation nobody has answered by then ends")
    at_expiry: Literal["drop", "accept"] = Field("drop", description="what becomes of it then")


class DispatchConfig(Section):
    plan: PlanConfig = Field(default_factory=PlanConfig)
    policy: str = "insertion"
    policy_settings: dict[str, PolicySetting] = Field(
        default_factory=dict, description="the policy's own parameters: see `docs/guide-researcher.md`"
    )
    information: Literal["belief", "perfect", "paper", "hindsight"] = Field(
        "belief",
        description="what decisions are made on: what got through, the truth, phone calls and paper, or the truth with "
        "every order of a day known before it",
    )
    check_in_s: Annotated[float, Field(ge=60, le=86_400)] = Field(
        7_200.0, description="on paper: each driver on shift phones in this often"
    )
    locate: bool = Field(
        False,
        description="for each decision every device is asked where it is; it answers if that takes no time: connected, "
        "open sky, `radio.latency_s` 0",
    )
    release: Literal["broadcast", "phone"] = Field(
        "broadcast",
        description="how the routes of the day's plan reach the drivers: all at once over the radio, or told by "
        "`head_office.phone`, one call after another on each line",
    )
    approval: ApprovalConfig = Field(default_factory=ApprovalConfig)
    decisions_per_h: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        description="decisions, or answers to recommendations, a dispatcher has time for in an hour. Not set: 12 "
        "where the policy is a person's way of deciding (`manual`, `tracking_only`), 30 where `approval.mode` is "
        "`simulated`, else no limit. A live dispatcher has none",
    )
    period_s: Annotated[float, Field(ge=1, le=1e9)] = Field(
        300.0, description="the policy is asked at least this often"
    )
    decision_s: NonNegative = Field(10.0, description="simulated time a decision takes")


class KpiExpectation(Section):
    expect: list[float] = Field(min_length=2, max_length=2)


class ScenarioModel(Section):
    """A whole scenario."""

    name: Slug = "unnamed"
    time_zone: str | None = Field(None, description="IANA name; required with real roads")
    start: str = Field("2026-03-02T05:30", description="local time")
    horizon_s: Annotated[float, Field(ge=1, le=400 * 86_400)] = 57_600
    seed: int = Field(1, ge=0, lt=2**63)
    roads: RoadsConfig
    traffic: TrafficSection = Field(default_factory=TrafficSection)
    depots: dict[Slug, DepotConfig] = Field(min_length=1)
    fleet: dict[Slug, FleetGroup] = Field(min_length=1)
    drivers: dict[Slug, DriverGroup] = Field(default_factory=lambda: {"crew": DriverGroup()})
    orders: OrdersConfig
    customers: CustomersConfig = Field(default_factory=CustomersConfig)
    radio: RadioConfig = Field(default_factory=RadioConfig)
    head_office: HeadOffice = Field(default_factory=HeadOffice)
    devices: dict[Slug, DeviceProfile] = Field(default_factory=lambda: {"tracker": DeviceProfile()})
    dispatch: DispatchConfig = Field(default_factory=DispatchConfig)
    incidents: dict[Slug, dict[str, Any]] = Field(default_factory=dict)
    alerts: dict[Slug, AlertConfig] = Field(default_factory=dict, description="rules by name: see `twin list alerts`")
    costs: dict[str, NonNegative] = Field(default_factory=dict)
    kpis: dict[str, KpiExpectation] = Field(default_factory=dict)

    @property
    def start_local(self) -> datetime:
        return datetime.fromisoformat(self.start)

    def json_ready(self) -> dict[str, Any]:
        """The resolved scenario as plain values, defaults filled in."""
        return self.model_dump(mode="json")
