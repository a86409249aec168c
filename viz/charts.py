"""The report's map and timeline as Bokeh figures: shapes and colours for numbers prepared elsewhere."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios.telling.report_map import Line, MapData, Mark
from scenarios.telling.report_timeline import Timeline

if TYPE_CHECKING:
    from bokeh.plotting import figure

BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
VERMILLION, PURPLE, YELLOW, GREY, BROWN = "#D55E00", "#CC79A7", "#F0E442", "#8A8F98", "#8C5A2B"
"""Okabe and Ito's palette for all kinds of colour vision, and a grey and a brown that show on light and dark."""

ROUTE_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
ROUTE_ALPHA = {"planned": 0.6, "driven": 0.9}
LANE_PX, LANE_MARGIN_PX = 26, 70


class Layer(NamedTuple):
    """What a legend entry switches: the name of a renderer, its words and its look."""

    key: str
    text: str
    colour: str
    marker: str = ""  # of a stop
    hatch: str = ""  # of a bar


STOP_LAYERS = (
    Layer("on_time", "on time", GREEN, "circle"),
    Layer("late", "late", ORANGE, "triangle"),
    Layer("failed", "failed", VERMILLION, "x"),
    Layer("left_out", "left out", PURPLE, "diamond"),
    Layer("cancelled", "cancelled", GREY, "square"),
    Layer("open", "still open", BLUE, "inverted_triangle"),
)
BAR_LAYERS = (
    Layer("preparing", "preparing", GREY, hatch="dot"),
    Layer("loading", "loading", YELLOW),
    Layer("driving", "driving", BLUE),
    Layer("waiting", "waiting", SKY, hatch="right_diagonal_line"),
    Layer("service", "service", GREEN),
    Layer("break", "break", PURPLE, hatch="cross"),
    Layer("refuelling", "refuelling", ORANGE),
    Layer("disconnected", "standing without a connection", BROWN, hatch="horizontal_line"),
    Layer("breakdown", "breakdown", VERMILLION, hatch="diagonal_cross"),
    Layer("idle", "idle", "#C9CDD3"),
    Layer("down", "out of order at head office", VERMILLION),
)
_ROAD_WIDTHS = {"main": 2.0, "middle": 1.3, "minor": 0.8, "least": 0.6}


def plain_text(name: str) -> str:
    """A name that Bokeh will draw as it is: ``$$`` would make it fetch a formula renderer."""
    return name.replace("$$", "$\u200b$")


def map_figure(data: MapData) -> "figure":
    """Roads, planned and driven routes, stops by state and depots; kilometres around the map's centre."""
    from bokeh.models import DataRange1d, HoverTool, ScaleBar

    plot = _figure("map", "pan,box_zoom,wheel_zoom,zoom_in,zoom_out,reset", match_aspect=True)
    plot.sizing_mode = "stretch_both"
    plot.axis.visible = False
    plot.grid.visible = False
    plot.outline_line_color = None
    for band, line in data.roads:
        style = {"line_width": _ROAD_WIDTHS[band], "color": GREY, "alpha": 0.5, "level": "underlay"}
        plot.line(line.x_km, line.y_km, name=f"road-{band}", **style)
    planned, driven = _routes(plot, data)
    stops = [_stops(plot, layer, [m for m in data.stops if m.state == layer.key]) for layer in STOP_LAYERS]
    depots = _depots(plot, data.depots)
    shown = [planned, driven, depots, *stops]
    plot.x_range, plot.y_range = (DataRange1d(renderers=shown, range_padding=0.06) for _ in range(2))
    plot.add_tools(HoverTool(renderers=[*stops, depots], tooltips=[("", "@name @vehicle"), ("", "@text")]))
    tips = [("", "@vehicle, @driver"), ("", "@text")]
    plot.add_tools(HoverTool(renderers=[driven], tooltips=tips, line_policy="interp"))
    scale = ScaleBar(
        range=plot.x_range, unit="km", location="bottom_left", bar_length=0.1, background_fill_color=None,
        border_line_color=None, bar_line_color=GREY, label_text_color=GREY,
    )  # fmt: skip
    plot.add_layout(scale)
    return plot


def timeline_figure(timeline: Timeline) -> "figure":
    """What each driver did over the day, and head office's outages; the axis is local wall-clock time."""
    from bokeh.models import DatetimeTickFormatter, FactorRange, HoverTool

    names = {lane: plain_text(lane) for lane in timeline.lanes}
    plot = _figure(
        "timeline", "xpan,xbox_zoom,xzoom_in,xzoom_out,reset", x_axis_type="datetime",
        y_range=FactorRange(*reversed(list(names.values()))), height=LANE_PX * len(names) + LANE_MARGIN_PX,
        x_axis_location="above",
    )  # fmt: skip
    plot.sizing_mode = "stretch_width"
    plot.ygrid.visible = False
    plot.outline_line_color = plot.yaxis.axis_line_color = plot.yaxis.major_tick_line_color = None
    plot.xaxis.formatter = DatetimeTickFormatter(hours="%H:%M", minutes="%H:%M", days="%d %b", hourmin="%H:%M")
    for layer in BAR_LAYERS:
        bars = [bar for bar in timeline.bars if bar.what == layer.key]
        source = {
            "y": [names[bar.lane] for bar in bars],
            "left": np.array([bar.start_ms for bar in bars], float),
            "right": np.array([bar.end_ms for bar in bars], float),
            "text": [bar.text for bar in bars],
        }
        thin = layer.key == "idle"
        plot.hbar(
            y="y", left="left", right="right", source=_source(source), height=0.18 if thin else 0.72,
            fill_color=layer.colour, line_color=None, hatch_pattern=layer.hatch or None, hatch_color="white",
            hatch_alpha=0.7, hatch_scale=7, hatch_weight=1, name=f"bar-{layer.key}",
        )  # fmt: skip
    plot.add_tools(HoverTool(tooltips=[("", "@y"), ("", "@text")]))
    return plot


def _figure(name: str, tools: str, **options: Any) -> "figure":
    from bokeh.plotting import figure

    plot = figure(
        tools=tools, toolbar_location="right", background_fill_color=None, border_fill_color=None, name=name,
        min_border=4, **options,
    )  # fmt: skip
    plot.toolbar.logo = None
    plot.toolbar.active_scroll = None  # the page scrolls, not the plot
    return plot


def _source(columns: dict) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(columns)


def _routes(plot: "figure", data: MapData) -> tuple:
    """Planned and driven routes, a row a vehicle in both."""
    routes = data.routes
    colours = [ROUTE_COLOURS[i % len(ROUTE_COLOURS)] for i in range(len(routes))]
    shared = {
        "vehicle": [route.vehicle_id for route in routes],
        "driver": [route.driver_id for route in routes],
        "text": [route.text for route in routes],
        "colour": colours,
    }
    found = []
    for key, lines, width, dash in (
        ("planned", [route.planned for route in routes], 1.2, "dashed"),
        ("driven", [route.driven for route in routes], 1.8, "solid"),
    ):
        source = _source({**shared, **_lines(lines), "alpha": np.full(len(routes), ROUTE_ALPHA[key], np.float32)})
        found.append(
            plot.multi_line(
                "x", "y", source=source, line_color="colour", line_alpha="alpha", line_width=width, line_dash=dash,
                line_join="round", name=f"route-{key}",
            )
        )  # fmt: skip
    return tuple(found)


def _lines(lines: Iterable[Line]) -> dict[str, list]:
    lines = list(lines)
    return {"x": [line.x_km for line in lines], "y": [line.y_km for line in lines]}


def _stops(plot: "figure", layer: Layer, marks: list[Mark]) -> Any:
    thick = layer.marker == "x"
    source = _source({**_mark_columns(marks), "alpha": np.full(len(marks), 0.95, np.float32)})
    return plot.scatter(
        "x", "y", source=source, marker=layer.marker, size=7 if layer.key in ("on_time", "cancelled") else 10,
        fill_color=layer.colour, fill_alpha="alpha", line_alpha="alpha",
        line_color=layer.colour if thick else "white", line_width=2.5 if thick else 0.5, name=f"stop-{layer.key}",
    )  # fmt: skip


def _depots(plot: "figure", marks: tuple[Mark, ...]) -> Any:
    return plot.scatter(
        "x", "y", source=_source(_mark_columns(marks)), marker="square_pin", size=18, fill_color="#20242B",
        line_color="white", line_width=2, name="depots",
    )  # fmt: skip


def _mark_columns(marks: Iterable[Mark]) -> dict:
    marks = list(marks)
    return {
        "x": np.array([mark.x_km for mark in marks], np.float32),
        "y": np.array([mark.y_km for mark in marks], np.float32),
        "name": [mark.name for mark in marks],
        "vehicle": [mark.vehicle_id for mark in marks],
        "text": [mark.text for mark in marks],
    }
