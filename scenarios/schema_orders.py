"""The ``orders`` section of a scenario: a file, generated orders, or both."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from agents.customer_behaviour import CustomerBehaviour
from scenarios.orders.values import Unfit, second_of_day

CustomersConfig = CustomerBehaviour
"""The ``customers`` section of a scenario."""

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
_MAX_ORDERS = 1_000_000


class _Strict(BaseModel):
    """Unknown keys, NaN, infinities and silent conversions are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _seconds(value: object) -> object:
    """A local time of day such as ``08:00`` in seconds since midnight; numbers are seconds already."""
    if isinstance(value, str):
        try:
            return second_of_day(value)
        except Unfit as unfit:
            raise ValueError(f"expected {unfit.expected}") from unfit
    return value


TimeOfDay = Annotated[int, Field(ge=0, le=86_400), BeforeValidator(_seconds, json_schema_input_type=int | str)]
"""Local time of day: ``"08:30"``, or seconds since midnight."""


class LogNormal(_Strict):
    """A lognormal amount: half of the draws are below ``median``; ``log_sd`` is the spread of the
    logarithm."""

    median: float = Field(gt=0, le=1e6)
    log_sd: float = Field(default=0.8, ge=0, le=3)
    most: float = Field(default=1e6, gt=0, le=1e6, description="Larger draws are cut to this.")


class ServiceTime(_Strict):
    """Planned service time of a stop.

    Log-logistic fits best in five US metros (Calderon, Regal-Ludowieg, Holguin-Veras, Transportation Research
    A 207, 2026); the overall shape is about 3. Here the stops differ with shape 5 and the visits to one stop
    by the factor of ``agents.customer_behaviour`` with shape 3.75: 1/5^2 + 1/3.75^2 = 1/3^2, so that together
    the spread of the logarithm is that of shape 3 (our split). Median: 60 s handover and 15 s photo (our
    default).
    """

    distribution: Literal["log_logistic", "lognormal"] = "log_logistic"
    median_s: float = Field(default=75.0, gt=0, le=86_400)
    shape: float = Field(default=5.0, gt=1, le=100, description="Of the log-logistic: larger is narrower.")
    log_sd: float = Field(default=0.35, ge=0, le=3, description="Of the lognormal.")
    most_s: float = Field(default=3600.0, gt=0, le=86_400, description="Longer draws are cut to this.")


class WindowMix(_Strict):
    """How wide the promised windows are, as weights (they need not add up to 1)."""

    all_day: Weight = 0.4
    half_day: Weight = 0.3
    two_hours: Weight = 0.2
    one_hour: Weight = 0.1

    @model_validator(mode="after")
    def _some(self) -> "WindowMix":
        if not self.all_day + self.half_day + self.two_hours + self.one_hour > 0:
            raise ValueError("expected at least one weight above 0")
        return self


class GenerateConfig(_Strict):
    """Generated orders: spatial clusters, known before the day and arriving during the day.

    Figures without a source are our defaults; no primary figure is known for them.
    """

    known_per_day: int = Field(default=150, ge=0, le=_MAX_ORDERS, description="Orders known before the day starts.")
    arriving_per_day: float = Field(default=0.0, ge=0, le=_MAX_ORDERS, description="Mean number placed in the day.")
    weekday_factors: Annotated[list[Weight], Field(min_length=7, max_length=7)] = Field(
        default=[1.0] * 7, description="Both numbers are multiplied by this, Monday first."
    )
    arrival_weights: Annotated[list[Weight], Field(min_length=24, max_length=24)] = Field(
        default=[0.0] * 8 + [1.0, 1.5, 2.0, 2.0, 1.5, 1.0, 1.0] + [0.0] * 9,
        description="Share of the day's arrivals in each local hour, from 00:00.",
    )
    notice_s: float = Field(default=3600.0, ge=0, le=86_400, description="From placing to the window's opening.")
    promise_s: float = Field(default=7200.0, gt=0, le=86_400, description="Length of an arriving order's window.")
    clusters: int = Field(default=5, ge=0, le=10_000, description="Neighbourhoods where customers gather.")
    cluster_spread_m: float = Field(default=800.0, gt=0, le=100_000, description="Standard deviation of a cluster.")
    scattered_share: Share = Field(default=0.3, description="Customers anywhere, outside the clusters.")
    customers: int | None = Field(
        default=None,
        ge=1,
        le=_MAX_ORDERS,
        description="Customers who order again and again; null: each order is new.",
    )
    opens: TimeOfDay = Field(default=8 * 3600, description="Earliest promised time.", validate_default=True)
    closes: TimeOfDay = Field(default=18 * 3600, description="Latest promised time.", validate_default=True)
    windows: WindowMix = WindowMix()
    service: ServiceTime = ServiceTime()
    weight_kg: LogNormal | None = LogNormal(median=2.5, log_sd=1.0, most=31.5)
    volume_m3: LogNormal | None = LogNormal(median=0.01, log_sd=0.9, most=0.5)
    items: LogNormal | None = LogNormal(median=1.0, log_sd=0.5, most=20)
    priorities: dict[Annotated[int, Field(ge=1, le=100)], Weight] = Field(
        default={1: 0.9, 2: 0.08, 3: 0.02}, description="Weight of each priority; 1 is ordinary."
    )
    needs: dict[Annotated[str, Field(min_length=1, max_length=200)], Share] = Field(
        default={}, description="Share of the orders with each need, independent of each other."
    )
    pickup_share: Share = Field(default=0.05, description="Orders collected from the customer.")
    pair_share: Share = Field(default=0.0, description="Orders from one customer to another.")
    depot: Literal["any", "nearest"] = Field(
        default="any", description="Where the goods are: planner's choice or fixed."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "GenerateConfig":
        if self.opens + 3600 > self.closes:
            raise ValueError("expected closes at least an hour after opens")
        if self.pickup_share + self.pair_share > 1:
            raise ValueError("expected pickup_share and pair_share of at most 1 together")
        if not sum(self.priorities.values()) > 0:
            raise ValueError("expected a priority with a weight above 0")
        if self.arriving_per_day > 0:
            self._arrivals_fit()
        return self

    def _arrivals_fit(self) -> None:
        hours = [hour for hour, weight in enumerate(self.arrival_weights) if weight > 0]
        if not hours:
            raise ValueError("expected an hour with a weight above 0 in arrival_weights")
        if (hours[-1] + 1) * 3600 + self.notice_s + self.promise_s > self.closes:
            raise ValueError(
                f"expected closes at least notice_s + promise_s after the last arrivals ({hours[-1] + 1}:00)"
            )


class OrdersConfig(_Strict):
    """Where a scenario's orders come from: a planner's file, generated, or both."""

    file: str | None = Field(default=None, min_length=1, description="CSV, XLSX or ODS; see docs/orders.md.")
    generate: GenerateConfig | None = None
    gazetteer: str | None = Field(default=None, min_length=1, description="CSV of names with lat and lon.")
    on_bad_row: Literal["fail", "skip"] = "fail"

    @model_validator(mode="after")
    def _some(self) -> "OrdersConfig":
        if self.file is None and self.generate is None:
            raise ValueError("expected file or generate")
        return self
