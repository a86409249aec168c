"""The sections between road and office: ``radio`` (carriers and their coverage), ``devices``, ``head_office``."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from engine.coverage.code import MOST_CARRIERS
from scenarios.section import NonNegative, OneOf, Positive, Section, Share, Slug, Threshold

Seconds = Annotated[float, Field(ge=0, le=1e9)]


# --- radio ------------------------------------------------------------------------------------------------------


class Terrain(Section):
    """Seeded coverage that follows the road network: remote stretches, valleys and tunnels are dark."""

    dark_share: Annotated[float, Field(ge=0, le=0.95)] = Field(
        0.2, description="of the cells with a road, outside coverage (UK landmass 2019, one operator: 0.20)"
    )
    seed: int = Field(1, ge=0, description="of this carrier's own holes; the shared part belongs to the region")


class Carrier(Section):
    """A mobile network. Its coverage: ``towers_file`` or ``terrain`` (neither: all), less ``dead_zones_file``."""

    one_of: ClassVar[tuple[OneOf, ...]] = ((("towers_file",), ("terrain",)),)

    towers_file: str | None = Field(None, description="CSV with OpenCelliD's columns")
    operator: int | None = Field(None, ge=0, le=999, description="of the file's towers, only those of this `net`")
    country: int | None = Field(
        None, ge=1, le=999, description="and of this `mcc`: beyond a border a `net` is another operator's"
    )
    dead_zones_file: str | None = Field(None, description="GeoJSON polygons without coverage")
    terrain: Terrain | None = None
    best: Literal["5g", "lte", "3g"] = Field("lte", description="newest technology where the signal is good")
    loss_share: Share = Field(0.01, description="of transmissions lost inside coverage: 0.5-2 % while driving")
    faults_per_day: NonNegative = Field(0.0, description="network faults of a connection, apart from coverage")
    fault_s_mean: Positive = 120.0

    @model_validator(mode="after")
    def _one_of(self) -> "Carrier":
        if self.towers_file is not None and self.terrain is not None:
            raise ValueError("expected towers_file or terrain, not both")
        return self


class RadioConfig(Section):
    """Without carriers: full coverage and one fixed latency."""

    latency_s: Seconds = Field(0.2, description="device to office and back, once connected")
    carriers: dict[Slug, Carrier] = Field(
        default_factory=dict, max_length=MOST_CARRIERS, description=f"networks by name, {MOST_CARRIERS} at most"
    )
    shared_correlation: Share = Field(
        0.58, description="how alike carriers' holes are: 0.58 fits the UK, 0 independent, 1 the same holes"
    )
    tunnels_dark: bool = Field(True, description="road tunnels have no signal")
    elevation_file: str | None = Field(None, description=".hgt, .hgt.zip or GeoTIFF: hills shadow towers and valleys")
    depot_wifi_m: NonNegative = Field(100.0, description="reach of Wi-Fi at depots; 0: none")
    station_wifi_m: NonNegative = Field(0.0, description="reach of Wi-Fi at fuel and truck stops; 0: none")

    @field_validator("carriers", mode="before")
    @classmethod
    def _few(cls, carriers: Any) -> Any:
        if isinstance(carriers, dict) and len(carriers) > MOST_CARRIERS:
            raise ValueError(
                f"expected at most {MOST_CARRIERS} carriers: the coverage map has 16 bits a place, 2 a carrier"
            )
        return carriers


# --- devices ----------------------------------------------------------------------------------------------------


class DataPlan(Section):
    """Bytes a month and what happens when they are used up."""

    month_mb: Positive = 50.0
    used_share_at_start: Share = Field(0.0, description="of the month's bytes, when the run starts")
    throttled_kbps: NonNegative = Field(128.0, description="speed once used up; 0: cut off until the next month")


class Clock(Section):
    """The device's own clock."""

    drift_ppm: NonNegative = Field(0.0, description="standard deviation between devices")
    resync: Literal["fix", "daily", "never"] = Field("fix", description="what sets it right")


class Gnss(Section):
    """Positioning, by surroundings."""

    canyon_sigma_m: NonNegative = Field(20.0, description="error among tall buildings, correlated over 30 s")
    canyon_share: Share = Field(
        0.0, description="of the cells with a road, the most built-up are street canyons (largest of all profiles)"
    )
    cold_start_s: NonNegative = Field(
        0.0,
        description="to a first fix after more than four hours off (25-35); the receiver then sleeps while the "
        "ignition is off; 0: it never sleeps",
    )
    hot_start_s: NonNegative = Field(2.0, description="to a fix after a tunnel or a shorter sleep")


class DeviceProfile(Section):
    """A telematics device: a driver's tablet, a wired tracker, an ELD (``configs/devices/``)."""

    file: str | None = Field(None, description="a profile's YAML; keys given beside it win")
    sample_period_s: Annotated[float, Field(ge=0.1, le=86_400)] = 10.0
    parked_every: int = Field(30, ge=1, le=10_000, description="with ignition off only every n-th sample is sent")
    gnss_sigma_m: Annotated[float, Field(ge=0, le=1000)] = 3.0
    gnss: Gnss = Field(default_factory=Gnss)
    clock: Clock = Field(default_factory=Clock)
    sims: list[Slug] | None = Field(
        None, description="carriers in order of preference; the first one if not given, [] for none"
    )
    hotspot: Slug | None = Field(None, description="carrier of the driver's own phone, used where the SIMs fail")
    wifi: bool = Field(True, description="uses Wi-Fi where there is some")
    reattach_s_median: NonNegative = Field(5.0, description="after a dead zone: lognormal, 1-30 s")
    switch_s: NonNegative = Field(15.0, description="from one SIM to another")
    buffer_samples: int = Field(10_000, ge=0, le=10_000_000, description="samples kept while there is no connection")
    when_full: Literal["drop_oldest", "drop_newest"] = "drop_oldest"
    flush: Literal["oldest_first", "newest_first"] = "oldest_first"
    batch_samples: int = Field(1, ge=1, le=5000, description="samples sent together")
    sample_bytes: int = Field(100, ge=1, le=65_536)
    event_bytes: int = Field(400, ge=1, le=65_536)
    retry_s: Positive = Field(5.0, description="first wait after a lost transmission, doubled each time")
    retry_most_s: Positive = 300.0
    retry_jitter: bool = Field(True, description="full jitter: a random part of the wait (no reconnect storm)")
    duplicate_share: Share = Field(0.0, description="of messages delivered twice (their receipt was lost)")
    data_plan: DataPlan | None = None
    supply: Literal["wired", "battery"] = "wired"
    battery_h: Positive = Field(14.0, description="how long a full battery lasts; charges while the engine runs")
    offline_mode: bool = Field(True, description="without a connection the driver carries on with the last plan held")
    wait_at_most_s: NonNegative = Field(1_800.0, description="without offline mode: then the driver carries on anyway")

    @field_validator("sims")
    @classmethod
    def _each_once(cls, sims: list[str] | None) -> list[str] | None:
        if sims is not None and len(set(sims)) < len(sims):
            raise ValueError("expected each carrier once")
        return sims


# --- head office ------------------------------------------------------------------------------------------------


class Platform(Section):
    """The dispatch platform as a service."""

    availability: Annotated[float, Field(gt=0, le=1)] = 1.0
    outage_s_mean: Positive = 1_800.0
    response_s: Seconds = Field(0.0, description="from a message's arrival to its being shown")


class Standby(Section):
    """A second line, switched to when the primary fails; it may itself have failed unnoticed."""

    messages_per_s: Positive = Field(50.0, description="what it can carry")
    detect_s: Seconds = 60.0
    switch_s: Seconds = 30.0
    hidden_failures_per_year: NonNegative = Field(1.0, description="found only by a drill or when it is needed")
    drill_every_days: Positive | None = Field(None, description="null: never drilled")
    in_service_days: NonNegative = Field(365.0, description="since it was last known to work, when never drilled")


class TerminalLink(Section):
    """The terminal's internet: a primary line (fibre), and perhaps a standby (LTE)."""

    failures_per_year: NonNegative = 0.0
    repair_s_mean: Positive = 14_400.0
    standby: Standby | None = None


class Feed(Section):
    """A hand-over between systems; it can break without anybody being told."""

    breaks_per_year: NonNegative = 0.0
    repair_s_mean: Positive = 7_200.0
    backfill: bool = Field(True, description="what was held back arrives after the repair; false: it is lost")


class Phone(Section):
    """People who answer and call."""

    lines: int = Field(2, ge=1, le=1000)
    call_s_mean: Positive = 180.0
    patience_s: Seconds = Field(600.0, description="a caller gives up after this")


class RunbookStep(Section):
    """What a role does once a tool has been gone for ``after_s``."""

    trigger: Literal["platform_down", "terminal_link_down", "feed_silent", "dispatcher_absent"]
    after_s: Seconds = 0.0
    role: Slug = "dispatcher"
    minutes: NonNegative = 5.0
    does: Literal["nothing", "call_drivers", "dispatch_by_phone", "call_supplier", "stand_in"] = "nothing"
    text: str = Field("", max_length=200, description="as written in the runbook")


class Notifications(Section):
    """Messages to customers, checked once a minute, and customers who call to ask where their order is."""

    milestones: list[Literal["placed", "on_the_way", "next", "delivered", "failed", "delayed"]] = Field(
        default_factory=list, description="what customers are told of; a delay at most every 30 minutes"
    )
    channel: Literal["sms", "email"] = "sms"
    next_minutes: Positive = Field(30.0, description="`next` is told this long before the expected arrival")
    wrong_by_minutes: Positive = Field(
        15.0, description="how exact a time told is meant to be: beyond it `delayed` is due, and it counts as wrong"
    )
    early_minutes: NonNegative = Field(
        0.0, description="times told, by message or on the phone, are so much earlier than expected; 0: honest"
    )
    call_share: Share = Field(
        0.0,
        description="customers who call once the time told or the window has passed, or without any word half-way "
        "through the window; 30-50 % of contacts are such calls",
    )
    call_after_minutes: NonNegative = Field(10.0, description="after the time told, or the end of the window")
    answered_by: Literal["phone", "dispatchers"] = Field(
        "phone",
        description="who takes these calls: people of their own (`phone.lines`), or the dispatchers, who leave "
        "exceptions waiting meanwhile (`phone.call_s_mean`, `phone.patience_s`)",
    )


class Proofs(Section):
    """Proof of delivery, and customers who dispute one."""

    photo_kb: NonNegative = Field(0.0, description="size of a photo; 0: no photo")
    signature_kb: NonNegative = Field(0.0, description="size of a signature; 0: none")
    dispute_share: Share = Field(0.0, description="deliveries a customer disputes")
    dispute_after_h: NonNegative = Field(2.0, description="after the delivery")
    decide_after_h: NonNegative = Field(1.0, description="a dispute is decided on what has arrived by then")


class HeadOffice(Section):
    penalty_left_out: NonNegative = Field(60.0, description="planning cost of leaving an ordinary order out, in EUR")
    max_attempts: int = Field(2, ge=1, le=10, description="visits before an order has failed")
    platform: Platform = Field(default_factory=Platform)
    terminal_link: TerminalLink = Field(default_factory=TerminalLink)
    telematics_feed: Feed = Field(default_factory=Feed)
    maintenance_feed: Feed = Field(default_factory=Feed)
    phone: Phone = Field(default_factory=Phone)
    runbook: dict[Slug, RunbookStep] = Field(default_factory=dict)
    dispatchers: int = Field(1, ge=0, le=1000, description="simulated ones, who work on exceptions; 0: only people do")
    exception_minutes: Positive = Field(2.0, description="a dispatcher's time for one exception")
    alerts_every_s: Annotated[float, Field(ge=1, le=86_400)] = Field(60.0, description="rules are checked this often")
    notifications: Notifications = Field(default_factory=Notifications)
    proofs: Proofs = Field(default_factory=Proofs)


class AlertConfig(Section):
    """An alert rule at work: ``rule`` names it (the key itself if not given), ``set`` its thresholds."""

    rule: Slug | None = None
    owner: Slug | None = Field(None, description="the role that acts on it; the rule's own if not given")
    severity: Literal["info", "warning", "critical"] = "warning"
    set: dict[str, Threshold] = Field(default_factory=dict, description="the rule's own thresholds: see below")
    exception: bool = Field(True, description="somebody has to deal with it; false: it is only told")
    clear_after_s: Positive = Field(300.0, description="cleared when it has not been the case for so long")
    escalate_after_s: Positive | None = Field(None, description="to `escalate_to` when nobody has acted by then")
    escalate_to: Slug = "supervisor"
