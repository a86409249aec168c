"""What OpenStreetMap tags say about driving: who may, which way, how fast. Pure functions of tags.

Tag meanings: https://wiki.openstreetmap.org/wiki/Key:access, Key:oneway, Key:maxspeed, Key:hgv,
Key:maxweight.
"""

import re
from collections.abc import Mapping

from engine.roads.graph import BRIDGE, LOW_EMISSION_ZONE, ROAD_CLASSES, TOLL, TRUCK_FORBIDDEN, TUNNEL

Tags = Mapping[str, str]

DEFAULT_KMH = {
    "motorway": 100.0, "motorway_link": 70.0, "trunk": 70.0, "trunk_link": 65.0, "primary": 65.0,
    "primary_link": 60.0, "secondary": 60.0, "secondary_link": 50.0, "tertiary": 50.0, "tertiary_link": 40.0,
    "unclassified": 30.0,
    "residential": 30.0, "living_street": 6.0, "service": 20.0, "track": 15.0, "road": 20.0,
}  # fmt: skip
"""Speed where ``maxspeed`` says nothing, km/h by ``highway`` value. Source: GraphHopper's car profile
(CarAverageSpeedParser; living_street 6 as in its newer releases)."""

KINDS = tuple(DEFAULT_KMH)
"""The ``highway`` values told apart; any other drivable value counts as ``unclassified``."""

KIND_CLASS = tuple(ROAD_CLASSES.index({"road": "unclassified"}.get(kind, kind.removesuffix("_link"))) for kind in KINDS)
"""Index into ROAD_CLASSES of each kind."""

# OSMnx's "drive" network (osmnx._overpass._get_network_filter), as sets.
_NOT_DRIVABLE = frozenset(
    [
        "abandoned",
        "bridleway",
        "bus_guideway",
        "busway",
        "construction",
        "corridor",
        "cycleway",
        "demolished",
        "disused",
        "elevator",
        "emergency_bay",
        "escalator",
        "escape",
        "footway",
        "no",
        "path",
        "pedestrian",
        "planned",
        "platform",
        "proposed",
        "raceway",
        "razed",
        "rest_area",
        "service",
        "services",
        "steps",
        "track",
        "via_ferrata",
    ]
)
_NOT_DRIVABLE_SERVICE = frozenset(
    ["alley", "driveway", "drive-through", "emergency_access", "parking", "parking_aisle", "private"]
)
_CLOSED_TO_PUBLIC = frozenset(["no", "private", "agricultural", "forestry", "emergency", "military", "bus", "psv"])

MOTORWAY_NO_LIMIT_KMH = 130.0
"""``maxspeed=none``: the German advisory speed."""
WALKING_KMH = 7.0
SPEED_RANGE_KMH = (5.0, 160.0)
"""A ``maxspeed`` outside this range is taken for a typing error."""

TRUCK_TONNES, TRUCK_HEIGHT_M = 7.5, 3.8
"""The truck of the TRUCK_FORBIDDEN flag: ways of lower ``maxweight`` or ``maxheight`` are closed to it."""

_KMH_PER_UNIT = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "kmph": 1.0, "mph": 1.609344, "knots": 1.852}
_TONNES_PER_UNIT = {
    "": 1.0,
    "t": 1.0,
    "kg": 1e-3,
    "st": 0.90718474,
    "lbs": 0.45359237e-3,
    "lb": 0.45359237e-3,
}
_METRES_PER_UNIT = {"": 1.0, "m": 1.0, "cm": 0.01, "ft": 0.3048, "'": 0.3048}
_QUANTITY = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*([a-z/']*)\s*")
_FEET_INCHES = re.compile(r"\s*([0-9]+)\s*'\s*([0-9]+(?:\.[0-9]+)?)\s*(?:\"|'')\s*")
_RANGE = re.compile(r"\s*([0-9.]+)\s*-\s*([0-9.]+\s*[a-z/]*)\s*")
_ZONE = re.compile(r"zone:?\s*([0-9]+)$")

# Legal limits by country code and kind of area (https://wiki.openstreetmap.org/wiki/Default_speed_limits),
# km/h.
_AREA_KMH = {"urban": 50.0, "rural": 90.0, "trunk": 100.0, "motorway": 120.0, "living_street": WALKING_KMH}
_COUNTRY_KMH = {
    "at:rural": 100.0, "at:motorway": 130.0, "ch:rural": 80.0, "de:rural": 100.0,
    "de:motorway": MOTORWAY_NO_LIMIT_KMH,
    "fi:rural": 80.0, "fr:rural": 80.0, "fr:motorway": 130.0, "it:motorway": 130.0, "ro:motorway": 130.0,
    "gb:nsl_restricted": 30 * 1.609344, "gb:nsl_single": 60 * 1.609344, "gb:nsl_dual": 70 * 1.609344,
    "gb:motorway": 70 * 1.609344, "uk:nsl_restricted": 30 * 1.609344, "uk:nsl_single": 60 * 1.609344,
    "uk:nsl_dual": 70 * 1.609344, "uk:motorway": 70 * 1.609344, "us:urban": 25 * 1.609344,
    "us:rural": 55 * 1.609344,
}  # fmt: skip


def drivable(tags: Tags) -> bool:
    """Whether a car in public may drive a way: OSMnx's "drive" filter plus the access hierarchy.

    The most specific of ``motorcar``, ``motor_vehicle``, ``vehicle`` and ``access`` decides; ``destination``,
    ``delivery``, ``customers`` and ``permissive`` are open, as a delivery fleet is let in.
    """
    highway = tags.get("highway")
    if highway is None or highway in _NOT_DRIVABLE or tags.get("area") == "yes":
        return False
    if tags.get("service") in _NOT_DRIVABLE_SERVICE:
        return False
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] not in _CLOSED_TO_PUBLIC
    return True


def kind_of(tags: Tags) -> int:
    """Index into KINDS of a way's ``highway`` value."""
    highway = tags.get("highway", "")
    return KINDS.index(highway if highway in DEFAULT_KMH else "unclassified")


def directions(tags: Tags) -> tuple[bool, bool]:
    """Whether a way may be driven (along, against) the order of its nodes.

    Motorways and roundabouts are one-way unless tagged otherwise; ``reversible`` and ``alternating`` ways
    count as open both ways, since a map does not say when they turn.
    """
    oneway = next((tags[key] for key in ("oneway:motorcar", "oneway:motor_vehicle", "oneway") if key in tags), "")
    if oneway in ("yes", "true", "1"):
        return True, False
    if oneway in ("-1", "reverse"):
        return False, True
    implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return True, not (implied and oneway == "")


def speed_kmh(value: str) -> float | None:
    """The speed a ``maxspeed`` value states, km/h; None where it states none that makes sense.

    Understands units (``30 mph``, ``10 knots``), ``walk``, ``none``, country codes (``RO:urban``,
    ``DE:zone:30``), and of ranges and lists (``50;30``, ``60-80``) takes the lowest. Conditions after ``@``
    are left out.
    """
    speeds = [_one_speed_kmh(part) for part in re.split(r"[;|]|,(?![0-9]\b)", value.lower())]
    known = [speed for speed in speeds if speed is not None and SPEED_RANGE_KMH[0] <= speed <= SPEED_RANGE_KMH[1]]
    return min(known) if known else None


def _one_speed_kmh(text: str) -> float | None:
    text = text.split("@")[0].strip()
    if text == "walk":
        return WALKING_KMH
    if text == "none":
        return MOTORWAY_NO_LIMIT_KMH
    if ":" in text:
        return _country_speed_kmh(text)
    if both := _RANGE.fullmatch(text):
        unit = re.sub(r"[0-9.\s]", "", both[2])
        text = f"{both[1]} {unit}"
    return _quantity(text, _KMH_PER_UNIT)


def _country_speed_kmh(code: str) -> float | None:
    """Implicit limits such as ``RO:urban``, ``DE:zone:30`` or ``FR:50``."""
    if zone := _ZONE.search(code):
        return float(zone[1])
    area = code.partition(":")[2]
    return _COUNTRY_KMH.get(code, _AREA_KMH.get(area)) or _quantity(area, _KMH_PER_UNIT)


def _quantity(text: str, per_unit: dict[str, float]) -> float | None:
    """A number with a unit in base units; None where it is neither."""
    found = _QUANTITY.fullmatch(text.lower())
    if not found or found[2] not in per_unit:
        return None
    return float(found[1].replace(",", ".")) * per_unit[found[2]]


def tagged_kmh(tags: Tags, direction: str) -> float | None:
    """The speed limit of a way ``forward`` or ``backward``, km/h; None where not stated."""
    for key in (f"maxspeed:{direction}", "maxspeed", "zone:maxspeed", "maxspeed:type", "source:maxspeed"):
        if key in tags and (speed := speed_kmh(tags[key])) is not None:
            return speed
    return None


def flags_of(tags: Tags) -> int:
    """Bits of ``RoadGraph.flags`` that a way's own tags set."""
    flags = 0
    if tags.get("tunnel", "no") not in ("no", "culvert") or tags.get("covered") == "yes":
        flags |= TUNNEL
    if tags.get("bridge", "no") != "no":
        flags |= BRIDGE
    if tags.get("toll", "no") != "no":
        flags |= TOLL
    if tags.get("low_emission_zone", "no") != "no" or tags.get("boundary") == "low_emission_zone":
        flags |= LOW_EMISSION_ZONE
    if _closed_to_trucks(tags):
        flags |= TRUCK_FORBIDDEN
    return flags


def _closed_to_trucks(tags: Tags) -> bool:
    """``hgv=no`` and its like, or too light or low a way for the truck of TRUCK_TONNES and TRUCK_HEIGHT_M.

    ``hgv=delivery`` and ``hgv=destination`` stay open: the fleet delivers there.
    """
    if tags.get("hgv") in ("no", "private", "agricultural", "forestry") or tags.get("goods") == "no":
        return True
    for key in ("maxweight", "maxweight:hgv", "maxweightrating", "maxweightrating:hgv"):
        tonnes = _quantity(tags.get(key, ""), _TONNES_PER_UNIT)
        if tonnes is not None and 0 < tonnes < TRUCK_TONNES:
            return True
    height = _height_m(tags.get("maxheight", ""))
    return height is not None and 0 < height < TRUCK_HEIGHT_M


def _height_m(value: str) -> float | None:
    if imperial := _FEET_INCHES.fullmatch(value):
        return float(imperial[1]) * 0.3048 + float(imperial[2]) * 0.0254
    return _quantity(value, _METRES_PER_UNIT)


def restriction_kind(tags: Tags) -> str | None:
    """The turn restriction a relation states for cars; None where it is for others or conditional only.

    ``restriction:hgv`` and other vehicle kinds are left out, since turns are shared by all profiles.
    """
    exempt = set(re.split(r"[;,\s]+", tags.get("except", "")))
    if exempt & {"motorcar", "motor_vehicle", "vehicle"}:
        return None
    for key in ("restriction:motorcar", "restriction:motor_vehicle", "restriction"):
        kind = tags.get(key, "").strip()
        if kind.startswith(("no_", "only_")):
            return kind
    return None
