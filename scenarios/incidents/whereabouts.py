"""Incidents with a place: one that touches no road of the region would happen unnoticed, so it is refused."""

from typing import Any

from scenarios.incidents import INCIDENTS
from scenarios.problems import Problem
from scenarios.reach import distance_text, region_text


def place_problem(roads: Any, file: str, name: str, raw: dict[str, Any]) -> Problem | None:
    """What is wrong with where an incident is, if anything; ``raw`` has passed ``incident_problems``."""
    key = f"incidents.{name}"
    what: Any = INCIDENTS[raw["kind"]].parameters.model_validate(raw)
    street = getattr(what, "street", None)
    if street is not None:
        try:
            roads.edges_of_street(street)
        except ValueError as error:
            return Problem(file, f"{key}.street", street, f"a street ({error})")
        return None
    if raw["kind"] == "road_closure" and roads.graph is None:
        return Problem(file, f"{key}.kind", raw["kind"], "roads to close: those given as a matrix are travel times")
    if raw.get("lat") is None or roads.graph is None or len(roads.edges_near(what.lat, what.lon, what.radius_m)):
        return None
    expected = f"a place with a road within {distance_text(what.radius_m)} (radius_m) of it, in {region_text(roads)}"
    return Problem(file, f"{key}.lat", f"{what.lat}, {what.lon}", expected)
