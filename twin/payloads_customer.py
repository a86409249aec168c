"""What events between head office and its customers say: notifications, calls, proofs of delivery, disputes."""

from typing import Literal

from typing_extensions import TypedDict

Milestone = Literal["placed", "on_the_way", "next", "delivered", "failed", "delayed"]
CallReason = Literal["time_told_passed", "window_passed", "no_word"]
ProofPart = Literal["photo", "signature", "note"]


class CustomerNotified(TypedDict):
    """Head office sent a customer a message; ``eta_us`` is the time it tells (of arrival, or when the window opens if
    that is later), good to ``within_us`` either way."""

    order_id: str
    customer: str
    milestone: Milestone
    channel: Literal["sms", "email"]
    eta_us: int | None
    within_us: int
    cost_eur: float
    text: str


class CustomerCalled(TypedDict):
    """A customer calls to ask where the order is; head office hears of it once somebody has taken the call."""

    order_id: str
    reason: CallReason
    about_us: int | None  # the time told, or the end of the window, that has passed


class CustomerAnswered(TypedDict):
    """A customer's call has ended; ``eta_us`` is the time told, good to ``within_us`` either way."""

    order_id: str
    waited_s: float
    call_s: float
    eta_us: int | None
    within_us: int


class ProofCaptured(TypedDict):
    """The driver recorded a proof of delivery at the door; its ``bytes`` travel with this message."""

    order_id: str
    proof_id: str
    vehicle_id: str
    driver_id: str
    what: list[ProofPart]
    bytes: int
    sha256: str  # of the content
    captured_us: int


class DisputeOpened(TypedDict):
    """A customer says that a delivery was not made, or not as agreed."""

    order_id: str
    customer: str


class DisputeDecided(TypedDict):
    """Head office decided on the proofs that had arrived; ``upheld``: the customer is right, for all that is known."""

    order_id: str
    upheld: bool
    proof_id: str | None
    reason: str
