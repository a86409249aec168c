"""What people at head office settle by phone: with customers about their orders, with drivers about anything."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from agents.customer import Customer
from agents.driver import Driver
from agents.network import Network
from agents.office import HeadOffice
from twin.commands import Command
from twin.orders import Window


class OrderDesk:
    """Changes orders and calls drivers; a driver learns of a change by radio, and goes by what was agreed before until
    then (the customer's own agreement takes no time: assumption)."""

    def __init__(
        self, office: HeadOffice, customer_of: Callable[[str], Customer | None], drivers: Mapping[str, Driver],
        network: Network,
    ) -> None:  # fmt: skip
        self.office, self.customer_of, self.network = office, customer_of, network
        self.driver_of = {driver.vehicle.name: name for name, driver in drivers.items()}
        for driver in drivers.values():
            driver.tablet.amend = self.amend

    def call(self, vehicle_id: str, about: str, by: str) -> None:
        """Phone a vehicle's driver; one without a driver is nobody's to call."""
        driver_id = self.driver_of.get(vehicle_id)
        if driver_id is not None:
            asked = {"vehicle_id": vehicle_id, "driver_id": driver_id, "about": about, "by": by}
            self.office.act("driver_call_asked", driver_id, asked)
            self.network.call(driver_id)

    def change(self, order_id: str, windows_us: list[list[int]] | None, note: str, by: str) -> None:
        """Put on record what is agreed anew; an order that has ended, as far as is known, is passed over."""
        known = self.office.picture.orders.get(order_id)
        if known is None:
            return
        agreed = [list(window) for window in known.order.last_task.windows] if windows_us is None else windows_us
        self.office.act("order_changed", order_id, {"order_id": order_id, "windows_us": agreed, "note": note, "by": by})
        vehicle_id = known.onboard or known.vehicle_id
        if vehicle_id is None:
            self.amend(order_id, agreed)
            return
        fields = {"order_id": order_id, "windows_us": agreed, "note": note, "reason": f"{by} agreed on it"}
        self.office.command(Command("update_stop", {"vehicle_id": vehicle_id, **fields}))

    def amend(self, order_id: str, windows_us: list[list[int]]) -> None:
        """Whoever drives to the order goes by these windows from now on."""
        customer = self.customer_of(order_id)
        if customer is not None:
            windows = tuple(Window(*window) for window in windows_us)
            task = customer.order.last_task
            customer.order = customer.order.moved(**{task.kind: replace(task, windows=windows)})
