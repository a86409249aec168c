"""What events and commands about dispatch decisions say: what was advised, and what whoever decides made of it."""

from typing import Literal

from typing_extensions import TypedDict

Answer = Literal["accepted", "changed", "refused", "expired", "overtaken"]


class OrderMove(TypedDict):
    """An order that goes to a vehicle, or from one to another."""

    order_id: str
    from_vehicle: str | None  # None: nobody's
    to_vehicle: str | None
    stop: int | None  # the first of its stops, counted from 1 among those not yet started; None: off all routes


class Alternative(TypedDict):
    """The next best vehicle for the one order that is concerned."""

    vehicle_id: str
    driving_s: int
    late_s: int


class RecommendationMade(TypedDict):
    """A policy, or a person by hand, would change routes; what belongs together is one recommendation."""

    recommendation_id: str
    source: str  # the policy's name, or "by hand"
    vehicles: list[str]  # whose routes change
    moves: list[OrderMove]  # none: the stops are the same in another order
    reason: str
    driving_s: int | None  # more than without it, over these vehicles, as expected; None: not known
    late_s: int | None  # likewise: lateness added up over their stops
    alternative: Alternative | None  # looked for only where somebody has to approve
    approval: bool  # somebody has to approve
    expires_us: int | None


class RecommendationAnswered(TypedDict):
    """How a recommendation ended, once each; ``moves``, ``driving_s`` and ``late_s`` are those of what was commanded.

    ``overtaken``: what it was about has changed meanwhile. ``expired``: nobody had answered in time.
    """

    recommendation_id: str
    answer: Answer
    by: str  # "policy", "dispatcher", a person's name, or "clock"
    reason: str
    minutes: float  # of the dispatcher's time
    command_ids: list[str]
    moves: list[OrderMove]
    driving_s: int | None
    late_s: int | None


# --- commands ---------------------------------------------------------------------------------------------------


class ApproveRecommendation(TypedDict):
    """Do what is recommended; one that does not wait any more is passed over, as in the next two."""

    recommendation_id: str
    by: str


class RefuseRecommendation(TypedDict):
    """Do not do it; none of its orders is recommended for the same vehicle again for a while."""

    recommendation_id: str
    reason: str
    by: str


class ChangeRecommendation(TypedDict):
    """Give one of its orders to this vehicle, and do nothing else of it."""

    recommendation_id: str
    order_id: str
    vehicle_id: str
    position: int | None  # among the stops not yet started; None: at the end
    reason: str
    by: str
