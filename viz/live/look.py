"""What the live map and tables look like: a shape and a colour for every state, never a colour alone."""

from typing import NamedTuple

from viz.charts import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, YELLOW


class Look(NamedTuple):
    """A state's words, colour and marker; hollow ones are drawn as an outline."""

    text: str
    colour: str
    marker: str
    size: float
    hollow: bool = False


class Layer(NamedTuple):
    """A layer's words in the legend; ``truth``: only for those who may see it, and while they look at it."""

    text: str
    shown: bool = True
    truth: bool = False


VEHICLES: dict[str, Look] = {
    "off": Look("off duty", GREY, "circle", 8, True),
    "preparing": Look("preparing", YELLOW, "square", 11),
    "loading": Look("loading", YELLOW, "square_cross", 13),
    "idle": Look("idle", SKY, "circle", 11),
    "driving": Look("driving", BLUE, "triangle", 14),
    "waiting": Look("waiting", SKY, "diamond", 15),
    "serving": Look("serving", GREEN, "hex", 14),
    "break": Look("on a break", PURPLE, "circle_cross", 13),
    "broken": Look("broken down", VERMILLION, "square_x", 15),
}
ORDERS: dict[str, Look] = {
    "waiting": Look("waiting for a vehicle", ORANGE, "star", 13),
    "planned": Look("planned", BLUE, "circle", 6, True),
    "onboard": Look("on board", BLUE, "circle", 6),
    "overdue": Look("overdue", VERMILLION, "inverted_triangle", 11, True),
    "rebooked": Look("new date", PURPLE, "square", 7, True),
    "on_time": Look("delivered on time", GREEN, "circle", 5),
    "late": Look("delivered late", ORANGE, "inverted_triangle", 9),
    "failed": Look("failed", VERMILLION, "x", 9),
    "cancelled": Look("cancelled", GREY, "square", 6),
    "left_out": Look("left out", PURPLE, "diamond", 10),
}
ROADS: dict[str, tuple[float, float]] = {
    "least": (0.5, 14.0),
    "minor": (0.7, 45.0),
    "middle": (1.1, 140.0),
    "main": (1.7, 600.0),
    "motorway": (2.4, 5000.0),
}
"""By band, drawn in this order: width in px, and the coarsest scale (metres a px) at which it is drawn."""
LAYERS: dict[str, Layer] = {
    "vehicles": Layer("Vehicles"),
    "reach": Layer("How far it may have got"),
    "labels": Layer("Names and ages"),
    "ways": Layer("Way of the selected: driven, ahead"),
    "stops": Layer("Orders"),
    "depots": Layer("Depots"),
    "roads": Layer("Roads"),
    "closures": Layer("Closed roads"),
    "geofences": Layer("Watched zones"),
    "incidents": Layer("Where incidents are", truth=True),
}
"""In the order of the legend; dead zones follow, a layer for each carrier."""
DEAD_ZONES: tuple[tuple[str, str], ...] = (
    ("right_diagonal_line", GREY),
    ("left_diagonal_line", ORANGE),
    ("vertical_line", SKY),
    ("horizontal_line", YELLOW),
    ("dot", GREEN),
    ("cross", PURPLE),
)
"""Hatching and colour of a carrier's dead zones, in the order of carriers, from the start again after the last."""
