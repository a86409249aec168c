"""What customers do: not at home, refuse, find damage, take a part, cancel, take their time.

Every draw is named by the order, the task and the attempt: what happens at a door does not depend on who
comes, when or how many others there are. Confidence of the figures: [2] secondary, [A] our choice.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.streams import Streams
from twin.orders import Order, TaskKind

Share = Annotated[float, Field(ge=0, le=1)]
Outcome = Literal["accepted", "refused", "damaged", "partial"]


class CustomerBehaviour(BaseModel):
    """How often things do not go to plan.

    About 8 % of first attempts fail and 11 % of shipments have some exception [2] (FreightWaves/OneRail,
    Convey, as collected in trade pages); how the remaining 3 % are split is our choice [A].
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    not_home_share: Share = Field(default=0.08, description="Attempts at which nobody answers [2].")
    refused_share: Share = Field(default=0.012, description="Orders refused at the door [A].")
    damaged_share: Share = Field(default=0.005, description="Orders found damaged at the door [A].")
    partial_share: Share = Field(default=0.005, description="Orders of which only a part is taken [A].")
    cancelled_share: Share = Field(default=0.008, description="Orders cancelled during the day [A].")
    service_shape: float = Field(
        default=3.75,
        gt=1,
        le=100,
        description="Log-logistic shape of actual over planned service time (Calderon et al. 2026: the form "
        "that fits best). 3.75 suits generated orders, whose planned times differ; 3 suits one time for all.",
    )
    service_factor_most: float = Field(default=10.0, ge=1, le=1000, description="Larger factors are cut to this [A].")
    max_attempts: int = Field(default=3, ge=1, le=20, description="Attempts drawn per task.")

    @model_validator(mode="after")
    def _exclusive(self) -> "CustomerBehaviour":
        if self.refused_share + self.damaged_share + self.partial_share > 1:
            raise ValueError("expected refused_share, damaged_share and partial_share of at most 1 together")
        return self


@dataclass(frozen=True)
class Visit:
    """What an attempt meets: nobody, or somebody who takes ``service_factor`` times the planned service
    time."""

    not_home: bool
    service_factor: float


@dataclass(frozen=True)
class Behaviour:
    """What a customer will do about one order."""

    outcome: Outcome
    taken_share: float  # of the goods, 1 unless refused or damaged (0) or partial (between)
    cancel_at_us: int | None
    visits: dict[TaskKind, tuple[Visit, ...]]  # by attempt, the first at index 0

    def failure(self, visit: Visit) -> Literal["not_home", "refused", "damaged"] | None:
        """Why a visit does not end the order, None if it does."""
        if visit.not_home:
            return "not_home"
        return self.outcome if self.outcome in ("refused", "damaged") else None


def behaviour(order: Order, day_us: tuple[int, int], streams: Streams, config: CustomerBehaviour) -> Behaviour:
    """Draw what a customer will do.

    ``day_us`` (start, end; microseconds) bounds a cancellation where the order says nothing: it comes
    uniformly between the placing (or the start) and the close of the last window (or the end).
    """
    outcome = _outcome(streams.uniform("customer", order.order_id, "outcome"), config)
    part = 0.1 + 0.8 * streams.uniform("customer", order.order_id, "part")
    return Behaviour(
        outcome,
        {"accepted": 1.0, "refused": 0.0, "damaged": 0.0, "partial": part}[outcome],
        _cancel_at_us(order, day_us, streams, config),
        {
            task.kind: tuple(visit(order.order_id, task.kind, n, streams, config) for n in range(config.max_attempts))
            for task in order.tasks
        },
    )


def visit(order_id: str, kind: TaskKind, attempt: int, streams: Streams, config: CustomerBehaviour) -> Visit:
    """What one attempt (0 the first) meets.

    The factor is log-logistic with mean 1 (planned times are means), quantised to 1e-6:
    ``(u / (1 - u)) ** (1 / shape)``
    over its mean ``(pi / shape) / sin(pi / shape)``.
    """
    u = streams.uniform("customer", order_id, kind, attempt, "service")
    angle = math.pi / config.service_shape
    factor = (u / (1.0 - u)) ** (1.0 / config.service_shape) * math.sin(angle) / angle
    not_home = streams.uniform("customer", order_id, kind, attempt, "home") < config.not_home_share
    return Visit(not_home, round(min(factor, config.service_factor_most), 6))


def _outcome(uniform: float, config: CustomerBehaviour) -> Outcome:
    """One draw cut into shares, so that an order is refused, damaged or partial, never two of them."""
    upto = config.refused_share
    if uniform < upto:
        return "refused"
    upto += config.damaged_share
    if uniform < upto:
        return "damaged"
    upto += config.partial_share
    return "partial" if uniform < upto else "accepted"


def _cancel_at_us(order: Order, day_us: tuple[int, int], streams: Streams, config: CustomerBehaviour) -> int | None:
    if streams.uniform("customer", order.order_id, "cancels") >= config.cancelled_share:
        return None
    first = day_us[0] if order.placed_us is None else order.placed_us
    windows = order.last_task.windows
    last = max(window.close_us for window in windows) if windows else day_us[1]
    return first + round(streams.uniform("customer", order.order_id, "cancel_at") * max(last - first, 0))
