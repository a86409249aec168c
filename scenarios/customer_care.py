"""Customer service and proofs of delivery as a scenario has them, for ``scenarios.build``."""

from collections.abc import Callable

from agents.customer import Customer
from agents.customer_service import Answer, CustomerService, Etas, ServiceSettings, planned_etas
from agents.office import HeadOffice
from agents.proof_capture import ProofCapture
from engine.clock import HOUR, MINUTE
from engine.streams import Streams
from scenarios.schema import ScenarioModel
from twin.kpis.costs import Costs
from twin.notifications import Gateway, NotificationSettings, Sender


def customer_service(
    model: ScenarioModel,
    office: HeadOffice,
    customer_of: Callable[[str], Customer | None],
    etas: Etas = planned_etas,
    answer: Answer | None = None,
    sender: Sender | None = None,
) -> CustomerService | None:
    """Customer service, listening at head office and beside its customers; None where nobody tells, calls or disputes.

    ``etas`` gives expected arrivals by order from a view; ``answer`` takes customers' calls;
    ``sender`` carries messages instead of the simulated gateway.
    """
    told, proofs = model.head_office.notifications, model.head_office.proofs
    if not (told.milestones or told.call_share or proofs.dispute_share):
        return None
    settings = ServiceSettings(
        NotificationSettings(
            frozenset(told.milestones), told.channel, round(told.next_minutes * MINUTE),
            round(told.wrong_by_minutes * MINUTE),
        ),
        MINUTE, told.call_share, round(told.call_after_minutes * MINUTE), proofs.dispute_share,
        round(proofs.dispute_after_h * HOUR), round(proofs.decide_after_h * HOUR),
    )  # fmt: skip
    costs = Costs.from_mapping(model.costs)
    service = CustomerService(
        office, settings, sender or Gateway(costs.sms_eur, costs.email_eur), customer_of,
        earlier(etas, round(told.early_minutes * MINUTE)), answer, model.head_office.phone.call_s_mean,
    )  # fmt: skip
    office.world.onlookers.append(service.see)
    return service


def earlier(etas: Etas, early_us: int) -> Etas:
    """Expected arrivals as an office tells them that promises more than it believes; 0: as they are."""
    if not early_us:
        return etas
    return lambda view: {order_id: eta_us - early_us for order_id, eta_us in etas(view).items()}


def proof_capture(model: ScenarioModel, streams: Streams) -> ProofCapture | None:
    """What drivers record at the door; None if nothing."""
    proofs = model.head_office.proofs
    photo, signature = (round(kb * 1000) for kb in (proofs.photo_kb, proofs.signature_kb))
    return ProofCapture(photo, signature, streams) if photo or signature else None
