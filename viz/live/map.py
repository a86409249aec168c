"""The live map: three sheets over one another, so that moving a vehicle does not mean painting the roads again."""

from typing import Any

import numpy as np

from viz.live.look import ROADS

SHEETS = ("roads", "stops", "vehicles")


def sheets(parts: dict[str, Any]) -> dict[str, Any]:
    """Bokeh figures over the same two ranges: roads and depots, stops and routes, vehicles (which takes the mouse).

    Sources are filled in the browser; renderers have names by which the page's script finds them.
    """
    from bokeh.models import Range1d

    ranges = {"x_range": Range1d(-1000, 1000), "y_range": Range1d(-1000, 1000)}
    made = {name: _sheet(name, ranges) for name in SHEETS}
    _roads(made["roads"], parts)
    _stops(made["stops"])
    _vehicles(made["vehicles"])
    return made


def _sheet(name: str, ranges: dict[str, Any]) -> Any:
    from bokeh.models import PanTool, WheelZoomTool
    from bokeh.plotting import figure

    plot = figure(
        name=f"sheet-{name}", tools="", toolbar_location=None, background_fill_color=None, border_fill_color=None,
        min_border=0, outline_line_color=None, output_backend="canvas", sizing_mode="stretch_both", **ranges,
    )  # fmt: skip
    plot.axis.visible = False
    plot.grid.visible = False
    if name == "vehicles":
        wheel, pan = WheelZoomTool(), PanTool()
        plot.add_tools(pan, wheel)
        plot.toolbar.active_scroll, plot.toolbar.active_drag = wheel, pan
    return plot


def _source(**columns: Any) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(columns)


def _roads(plot: Any, parts: dict[str, Any]) -> None:
    nothing = np.empty(0, np.float32)
    for band, (width, _) in ROADS.items():
        x, y = (parts.get(f"road.{band}.{axis}", nothing) for axis in "xy")
        plot.line("x", "y", source=_source(x=x, y=y), line_width=width, line_color="#808080", name=f"road-{band}")
    names = list(parts["depots"])
    source = _source(x=parts["depot.x"], y=parts["depot.y"], name=names)
    plot.scatter(
        "x", "y", source=source, marker="square_pin", size=20, fill_color="#20242B", line_color="white",
        line_width=2, name="depots",
    )  # fmt: skip


def _stops(plot: Any) -> None:
    closed = {"line_width": 4, "line_color": "#D55E00", "line_dash": [6, 3]}
    plot.line("x", "y", source=_source(x=[], y=[]), name="closed", **closed)
    route = _source(x=[], y=[])
    plot.line("x", "y", source=route, line_width=4, line_color="white", line_alpha=0.7, name="route-under")
    plot.line("x", "y", source=route, line_width=2, line_dash=[7, 4], line_color="#0072B2", name="route")
    looks = ("x", "y", "marker", "size", "fill", "line", "fill_alpha", "alpha")
    plot.scatter(
        "x", "y", source=_source(**{name: [] for name in looks}), marker="marker", size="size",
        fill_color="fill", line_color="line", fill_alpha="fill_alpha", line_alpha="alpha", line_width=1.3, name="stops",
    )  # fmt: skip
    ring = {"fill_color": None, "line_color": "#D55E00", "line_width": 2.5, "size": 20}
    plot.scatter("x", "y", source=_source(x=[], y=[]), marker="circle", name="order-ring", **ring)
    plot.text(
        "x", "y", text="text", source=_source(x=[], y=[], text=[]), text_font_size="10px", x_offset=7,
        y_offset=-5, text_font={"value": "system-ui"}, text_color="#0072B2", background_fill_alpha=0.75,
        padding=1, name="numbers",
    )  # fmt: skip


def _vehicles(plot: Any) -> None:
    plot.circle(
        "x", "y", radius="r", source=_source(x=[], y=[], r=[]), fill_color="#0072B2", fill_alpha=0.08,
        line_color="#0072B2", line_dash="dotted", line_alpha=0.8, name="reach",
    )  # fmt: skip
    links = _source(x0=[], y0=[], x1=[], y1=[])
    plot.segment("x0", "y0", "x1", "y1", source=links, line_color="#CC79A7", line_width=1.5, name="links")
    truth = _source(x=[], y=[], marker=[], size=[], angle=[])
    plot.scatter(
        "x", "y", source=truth, marker="marker", size="size", angle="angle", fill_color=None, line_color="#CC79A7",
        line_width=2, name="truth",
    )  # fmt: skip
    looks = ("x", "y", "marker", "size", "fill", "line", "alpha", "angle", "nose", "tip")
    source = _source(**{name: [] for name in looks})
    plot.ray(
        "x", "y", length="nose", angle="tip", length_units="screen", source=source, line_color="line", line_width=2.5,
        line_alpha="alpha", name="noses",
    )  # fmt: skip
    plot.scatter(
        "x", "y", source=source, marker="marker", size="size", angle="angle", fill_color="fill", line_color="line",
        fill_alpha="alpha", line_alpha="alpha", line_width=1.5, name="vehicles",
    )  # fmt: skip
    ring = {"fill_color": None, "line_color": "#E69F00", "line_width": 3, "size": 27}
    plot.scatter("x", "y", source=_source(x=[], y=[]), marker="circle", name="ring", **ring)
    plot.text(
        "x", "y", text="text", source=_source(x=[], y=[], text=[]), text_font_size="12px", x_offset=14,
        y_offset=5, text_font={"value": "system-ui"}, background_fill_alpha=0.75, padding=2, border_radius=3,
        name="stamps",
    )  # fmt: skip
