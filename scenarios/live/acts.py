"""What people click, as outside commands: each act is a function of what was asked and of what head office knows.

Every act names who asks (``by``, given by the page's server, never by a browser). An act that cannot be meant is
refused here in words; what else is wrong with a command the session says.
"""

from collections.abc import Callable
from typing import Any

from engine.geo import Projection
from scenarios.live.asked import names, needed, number, position, record, text, whole
from scenarios.live.picture import Picture
from twin.views import OrderView, VehicleView

Fields = dict[str, Any]
Given = list[tuple[str, dict[str, Any]]]
"""Commands to post, in turn."""


class Acts:
    """Acts by name; incidents injected without a name are numbered."""

    def __init__(self, picture: Callable[[], Picture], projection: Projection) -> None:
        self._picture, self._projection = picture, projection
        self._made = 0
        self.names = {name[4:]: getattr(self, name) for name in dir(self) if name.startswith("_do_")}

    def commands(self, what: str, fields: Fields) -> tuple[Given, str]:
        """The commands an act means, and what to say when they are recorded.

        Raises:
            ValueError: it cannot be meant.
            KeyError: a field is missing.
        """
        return self.names[what](fields, str(fields["by"]))

    def _order(self, fields: Fields) -> OrderView:
        known = self._picture().belief.orders.get(str(fields["order_id"]))
        if known is None:
            raise ValueError(f"order {str(fields['order_id'])!r}: expected an open order")
        return known

    def _vehicle(self, fields: Fields) -> VehicleView:
        known = self._picture().belief.vehicles.get(str(fields["vehicle_id"]))
        if known is None:
            raise ValueError(f"vehicle {str(fields['vehicle_id'])!r}: expected a vehicle of the fleet")
        return known

    # --- orders and routes ---

    def _do_assign(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Give an order to a vehicle: whoever was told to do it before is told to leave it."""
        known, vehicle_id = self._order(fields), str(fields["vehicle_id"])
        order_id, given = known.order.order_id, self._taken_off(known, by)
        place = position(fields)
        if known.vehicle_id == vehicle_id and place is None:
            raise ValueError(f"order {order_id}: {vehicle_id} has it already")
        payload = {"order_id": order_id, "vehicle_id": vehicle_id, "position": place, "arrive_us": None}
        given.append(("assign_order", payload | {"reason": f"{by} decided"}))
        return given, f"{vehicle_id} is told to take {order_id}"

    def _do_unassign(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Take an order off the route it is on."""
        known = self._order(fields)
        given = self._taken_off(known, by)
        if not given:
            raise ValueError(f"order {known.order.order_id}: nobody was told to do it")
        return given, f"{known.vehicle_id} is told to leave {known.order.order_id}"

    def _taken_off(self, known: OrderView, by: str) -> Given:
        order_id = known.order.order_id
        if known.onboard is not None:
            raise ValueError(f"order {order_id}: its goods are on board {known.onboard}, no other vehicle can take it")
        if known.vehicle_id is None:
            return []
        payload = {"order_id": order_id, "vehicle_id": known.vehicle_id, "reason": f"{by} decided"}
        return [("unassign_order", payload)]

    def _do_route(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Drive these orders in this sequence, and nothing else that has not been started; ``orders`` may name an order
        with pickup and delivery twice, else both follow each other."""
        vehicle, wanted = self._vehicle(fields), names(fields, "orders")
        stops: list[dict[str, Any]] = []
        for place, order_id in enumerate(wanted):
            known = self._order({"order_id": order_id})
            if known.onboard not in (None, vehicle.vehicle_id):
                raise ValueError(f"order {order_id}: its goods are on board {known.onboard}")
            tasks = [t.kind for t in known.order.tasks if not (t.kind == "pickup" and known.onboard)]
            again, before = order_id in wanted[place + 1 :], order_id in wanted[:place]
            tasks = tasks[1:] if before else tasks[:1] if again else tasks
            stops += [{"order_id": order_id, "task": task, "arrive_us": None} for task in tasks]
        payload = {
            "vehicle_id": vehicle.vehicle_id, "stops": stops, "leave_us": vehicle.leave_us,
            "breaks_us": [list(pair) for pair in vehicle.breaks_us], "reason": f"{by} decided",
        }  # fmt: skip
        given: Given = []
        for order_id in dict.fromkeys(wanted):
            known = self._order({"order_id": order_id})
            if known.vehicle_id not in (None, vehicle.vehicle_id):
                given += self._taken_off(known, by)
        return [*given, ("set_route", payload)], f"{vehicle.vehicle_id} is sent another route"

    def _do_add_order(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Place an order to deliver something at ``lat, lon`` (or ``x_m, y_m`` on the map)."""
        if "x_m" in fields:
            lat, lon = (float(v) for v in self._projection.to_lat_lon(number(fields, "x_m"), number(fields, "y_m")))
        else:
            lat, lon = number(fields, "lat"), number(fields, "lon")
        order_id = needed(fields, "order_id")
        window = [whole(fields, "opens_us"), whole(fields, "closes_us")] if "closes_us" in fields else None
        place = {"place_id": order_id, "lat": round(lat, 7), "lon": round(lon, 7)}
        task = {
            "place": place,
            "windows_us": [window] if window else [],
            "service_s": number(fields, "service_s", 300.0),
        }
        order: dict[str, Any] = {
            "order_id": order_id, "pickup": None, "delivery": task, "demand": record(fields, "demand"),
            "priority": whole(fields, "priority", 1), "needs": [], "customer": text(fields, "customer") or by,
            "depot": None, "known_before": False,
        }  # fmt: skip
        return [("add_order", {"order": order})], f"order {order_id} is placed"

    def _do_change_order(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Agree on other windows (``windows_us``, none: as they are), note something down (``note``)."""
        known = self._order(fields)
        payload = {
            "order_id": known.order.order_id, "windows_us": fields.get("windows_us"),
            "note": text(fields, "note"), "by": by,
        }  # fmt: skip
        return [("change_order", payload)], f"order {known.order.order_id} is changed"

    def _do_cancel_order(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Call an order off."""
        known = self._order(fields)
        reason = text(fields, "reason") or f"{by} decided"
        payload = {"order_id": known.order.order_id, "by": "office", "reason": reason}
        return [("cancel_order", payload)], f"order {known.order.order_id} is cancelled"

    # --- vehicles and drivers ---

    def _do_hold(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Set off to no other stop."""
        vehicle_id = self._vehicle(fields).vehicle_id
        return [("hold_vehicle", _because(vehicle_id, fields, by))], f"{vehicle_id} is told to wait"

    def _do_release(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Go on."""
        vehicle_id = self._vehicle(fields).vehicle_id
        return [("release_vehicle", _because(vehicle_id, fields, by))], f"{vehicle_id} is told to go on"

    def _do_call(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Phone the driver."""
        vehicle = self._vehicle(fields)
        if vehicle.driver_id is None:
            raise ValueError(f"vehicle {vehicle.vehicle_id}: nobody drives it")
        payload = {"vehicle_id": vehicle.vehicle_id, "about": text(fields, "about"), "by": by}
        return [("call_driver", payload)], f"{vehicle.driver_id} is called"

    def _do_message(self, fields: Fields, by: str) -> tuple[Given, str]:
        """A text for the driver's screen."""
        vehicle_id = self._vehicle(fields).vehicle_id
        payload = {"vehicle_id": vehicle_id, "text": needed(fields, "text"), "reason": f"from {by}"}
        return [("send_message", payload)], f"message to {payload['vehicle_id']}"

    # --- exceptions and recommendations ---

    def _do_acknowledge(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {"exception_id": str(fields["exception_id"]), "by": by}
        return [("acknowledge_exception", payload)], f"{payload['exception_id']} is yours"

    def _do_assign_exception(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {"exception_id": str(fields["exception_id"]), "to": needed(fields, "to"), "by": by}
        return [("assign_exception", payload)], f"{payload['exception_id']} is for {payload['to']}"

    def _do_note(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {"exception_id": str(fields["exception_id"]), "by": by, "text": needed(fields, "text")}
        return [("note_exception", payload)], "noted"

    def _do_resolve(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {"exception_id": str(fields["exception_id"]), "by": by, "note": text(fields, "note")}
        return [("resolve_exception", payload)], f"{payload['exception_id']} is resolved"

    def _do_approve(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {"recommendation_id": str(fields["recommendation_id"]), "by": by}
        return [("approve_recommendation", payload)], "approved"

    def _do_refuse(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {"recommendation_id": str(fields["recommendation_id"]), "reason": needed(fields, "reason"), "by": by}
        return [("refuse_recommendation", payload)], "refused"

    def _do_change(self, fields: Fields, by: str) -> tuple[Given, str]:
        payload = {
            "recommendation_id": str(fields["recommendation_id"]), "order_id": str(fields["order_id"]),
            "vehicle_id": str(fields["vehicle_id"]), "position": position(fields),
            "reason": text(fields, "reason") or f"{by} decided", "by": by,
        }  # fmt: skip
        return [("change_recommendation", payload)], "changed"

    # --- the day itself ---

    def _do_inject(self, fields: Fields, by: str) -> tuple[Given, str]:
        """An incident (``incident``: its kind and parameters), now unless it says when."""
        incident = record(fields, "incident")
        begins = f"is set for {incident['at']}" if incident.get("at") else "begins"
        if incident.get("at") is None and incident.get("rate_per_day") is None:
            incident["at"] = "00:00"  # that has passed: it begins at once
        self._made += 1
        name = text(fields, "name") or f"{by}-{self._made}"
        return [("inject_incident", {"name": name, "incident": incident})], f"incident {name} {begins}"

    def _do_replay(self, fields: Fields, by: str) -> tuple[Given, str]:
        """Read the dead letters of a kind again, fields renamed (``rename``: as sent, as known)."""
        payload = {"kind": str(fields["kind"]), "rename": record(fields, "rename"), "by": by}
        return [("replay_dead_letters", payload)], f"dead letters of kind {payload['kind']} are read again"

    def _do_set(self, fields: Fields, by: str) -> tuple[Given, str]:
        """A setting that can change during a run."""
        payload = {"key": str(fields["key"]), "value": fields["value"], "by": by}
        return [("change_setting", payload)], f"{payload['key']} is now {payload['value']}"


def _because(vehicle_id: str, fields: Fields, by: str) -> dict[str, Any]:
    return {"vehicle_id": vehicle_id, "reason": text(fields, "reason") or f"{by} decided"}
