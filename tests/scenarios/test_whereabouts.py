"""Incidents with a place: where they touch no road they are refused, before anything is made."""

from pathlib import Path
from typing import Any

import pytest

from engine.roads.matrix import MatrixRoads
from scenarios.ground import prepare
from scenarios.incidents.whereabouts import place_problem
from scenarios.problems import BadInput
from scenarios.run import Session
from tests.tiny import tiny

CARRIER: dict[str, Any] = {"radio": {"carriers": {"red": {}}}}
HERE = {"lat": 47.0, "lon": 8.0}
AWAY = {"lat": 42.5, "lon": 1.5}


def problems(**incident: Any) -> list[str]:
    """What is said of an incident at nine; nothing if it is taken."""
    try:
        prepare(tiny(**CARRIER, incidents={"it": {"at": "09:00", **incident}}))
    except BadInput as error:
        return [problem.line() for problem in error.problems]
    return []


@pytest.mark.parametrize("kind", ["carrier_outage", "gnss_jamming", "road_closure"])
def test_an_incident_far_from_all_roads_is_refused(kind: str) -> None:
    """One that reaches a road is not, however far its middle is."""
    (said,) = problems(kind=kind, **AWAY)
    for part in ("incidents.it.lat", "'42.5, 1.5'", "radius_m", "latitudes 4"):
        assert part in said
    assert problems(kind=kind, **HERE, radius_m=5_000.0) == []


def test_a_command_is_checked_alike() -> None:
    """What a person injects into a running day has to touch its roads, too."""
    session = Session(tiny(**CARRIER))
    payload = {"name": "it", "incident": {"kind": "gnss_jamming", "at": "09:00", **AWAY}}
    with pytest.raises(ValueError, match=r"incidents\.it\.lat"):
        session.post("inject_incident", payload, "trainer")


def test_a_closure_near_a_depot_fits_any_region() -> None:
    """Where no road is within its radius it reaches the nearest."""
    closure = {"kind": "road_closure", "near_depot": "main", "at": "09:00", "lasts_s": 600.0, "radius_m": 0.01}
    session = Session(tiny(incidents={"it": closure}))
    session.advance(session.scenario.start_us + 3 * 3_600_000_000 + 60_000_000)
    assert session.world.closed_edges


def test_travel_times_without_roads_have_none_to_close(tmp_path: Path) -> None:
    """A matrix: no closure; where its places are is not known yet, so other incidents are taken."""
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("id,A,B\nA,0,60\nB,60,0\n")
    roads, where = MatrixRoads.read(matrix), {"at": "09:00", **HERE}
    closure = place_problem(roads, "f.yaml", "it", {"kind": "road_closure", **where})
    assert closure is not None
    assert "matrix" in closure.line()
    assert place_problem(roads, "f.yaml", "it", {"kind": "gnss_jamming", **where}) is None
