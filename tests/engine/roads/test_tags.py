"""What tags say about driving."""

import pytest

from engine.roads.graph import BRIDGE, LOW_EMISSION_ZONE, TOLL, TRUCK_FORBIDDEN, TUNNEL
from engine.roads.tags import (
    DEFAULT_KMH,
    KIND_CLASS,
    KINDS,
    directions,
    drivable,
    flags_of,
    kind_of,
    restriction_kind,
    speed_kmh,
    tagged_kmh,
)


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("50", 50),
        (" 50 ", 50),
        ("50 km/h", 50),
        ("50kmh", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("10 knots", 18.52),
        ("walk", 7),
        ("none", 130),
        ("RO:urban", 50),
        ("RO:rural", 90),
        ("DE:rural", 100),
        ("DE:motorway", 130),
        ("DE:zone:30", 30),
        ("DE:zone30", 30),
        ("FR:50", 50),
        ("GB:nsl_single", 96.56064),
        ("RO:living_street", 7),
        ("50;30", 30),
        ("50|70", 50),
        ("50,30", 30),
        ("7,5", 7.5),
        ("60-80", 60),
        ("20-30 mph", 32.18688),
        ("80 @ (22:00-06:00)", 80),
        ("80; 30 @ (Mo-Fr)", 30),
        ("0;50", 50),
        ("signals;60", 60),
    ],
)
def test_maxspeed_values_that_say_something(value, kmh):
    """Units, country codes, ranges and lists are understood; the lowest of several counts."""
    assert speed_kmh(value) == pytest.approx(kmh)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "-30",
        "999",
        "fixme",
        "signals",
        "variable",
        "yes",
        "fast",
        "1e3",
        "50 furlongs",
        "RO:",
        "3",
        "؟",
        "5" * 400,
    ],
)
def test_maxspeed_values_that_say_nothing(value):
    """Nonsense gives no speed, so the default of the class holds."""
    assert speed_kmh(value) is None


def test_speed_by_direction_and_fallback_keys():
    """The limit of a direction beats the general one; a country code elsewhere is the last resort."""
    assert tagged_kmh({"maxspeed": "50", "maxspeed:forward": "70"}, "forward") == 70
    assert tagged_kmh({"maxspeed": "50", "maxspeed:forward": "70"}, "backward") == 50
    assert tagged_kmh({"maxspeed": "fixme", "source:maxspeed": "RO:urban"}, "forward") == 50
    assert tagged_kmh({"maxspeed:hgv": "60", "maxspeed:conditional": "30 @ (wet)"}, "forward") is None


@pytest.mark.parametrize(
    ("tags", "open_to_cars"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "motorway_link"}, True),
        ({"highway": "road"}, True),
        ({"building": "yes"}, False),
        ({"highway": "footway"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "service"}, False),
        ({"highway": "unclassified", "service": "parking_aisle"}, False),
        ({"highway": "residential", "area": "yes"}, False),
        ({"highway": "residential", "access": "private"}, False),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, True),
        ({"highway": "residential", "motor_vehicle": "no", "motorcar": "yes"}, True),
        ({"highway": "residential", "motorcar": "no"}, False),
        ({"highway": "residential", "vehicle": "no"}, False),
        ({"highway": "residential", "access": "destination"}, True),
        ({"highway": "residential", "motor_vehicle": "delivery"}, True),
    ],
)
def test_drivable(tags, open_to_cars):
    """Cars in public: by road class, then by the most specific access tag."""
    assert drivable(tags) is open_to_cars


@pytest.mark.parametrize(
    ("tags", "along_against"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "true"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "reverse"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"oneway": "reversible"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
        ({"junction": "roundabout", "oneway": "-1"}, (False, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "motorway_link"}, (True, True)),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, (True, True)),
    ],
)
def test_directions(tags, along_against):
    """One-way rules, tagged and implied."""
    assert directions(tags) == along_against


@pytest.mark.parametrize(
    ("tags", "flags"),
    [
        ({}, 0),
        ({"tunnel": "yes"}, TUNNEL),
        ({"tunnel": "building_passage"}, TUNNEL),
        ({"tunnel": "avalanche_protector"}, TUNNEL),
        ({"covered": "yes"}, TUNNEL),
        ({"tunnel": "no"}, 0),
        ({"tunnel": "culvert"}, 0),
        ({"bridge": "viaduct", "toll": "yes"}, BRIDGE | TOLL),
        ({"hgv": "no"}, TRUCK_FORBIDDEN),
        ({"hgv": "destination"}, 0),
        ({"maxweight": "3.5"}, TRUCK_FORBIDDEN),
        ({"maxweight": "3500 kg"}, TRUCK_FORBIDDEN),
        ({"maxweight": "7.5"}, 0),
        ({"maxweight": "none"}, 0),
        ({"maxweightrating": "3.5 t"}, TRUCK_FORBIDDEN),
        ({"maxheight": "3.2"}, TRUCK_FORBIDDEN),
        ({"maxheight": "12'0\""}, TRUCK_FORBIDDEN),
        ({"maxheight": "13'6\""}, 0),
        ({"maxheight": "default"}, 0),
        ({"low_emission_zone": "yes"}, LOW_EMISSION_ZONE),
    ],
)
def test_flags(tags, flags):
    """Structures, tolls and what closes a way to trucks."""
    assert flags_of(tags) == flags


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"restriction": "no_left_turn"}, "no_left_turn"),
        ({"restriction": "no_left_turn", "except": "bicycle;psv"}, "no_left_turn"),
        ({"restriction": "no_left_turn", "except": "psv; motorcar"}, None),
        ({"restriction:hgv": "no_left_turn"}, None),
        ({"restriction:motorcar": "only_straight_on"}, "only_straight_on"),
        ({"restriction:conditional": "no_left_turn @ (Mo-Fr)"}, None),
        ({"restriction": "give_way"}, None),
    ],
)
def test_restriction_kind(tags, kind):
    """Restrictions of others and those with a condition are left out."""
    assert restriction_kind(tags) == kind


def test_every_kind_has_a_class_and_a_speed():
    """Links count as their road; unknown values count as unclassified."""
    assert len(KIND_CLASS) == len(KINDS) == len(DEFAULT_KMH)
    assert KINDS[kind_of({"highway": "primary_link"})] == "primary_link"
    assert KINDS[kind_of({"highway": "street_of_dreams"})] == "unclassified"
