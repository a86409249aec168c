"""The ground of the live map: two sheets over one another; a new route does not mean painting the roads again.

What moves, and orders, the page's script draws itself on top (``draw.js``): there are ten thousand of them, and Bokeh
takes each anew through its glyphs at every frame (docs/benchmarks.md).
"""

from typing import Any

import numpy as np

from viz.live.look import DEAD_ZONES, ROADS

SHEETS = ("ground", "ways")
BACKEND = "canvas"
"""How Bokeh draws. WebGL without a graphics card is the slower of the two (docs/benchmarks.md)."""
TRUE = "#CC79A7"
"""The colour of what is, beside what is believed."""


def sheets(parts: dict[str, Any]) -> dict[str, Any]:
    """Bokeh figures over the same two ranges: the ground, and zones and ways over it (which takes the mouse).

    Sources are filled in the browser; renderers have names by which the page's script finds them.
    """
    from bokeh.models import Range1d

    ranges = {"x_range": Range1d(-1000, 1000), "y_range": Range1d(-1000, 1000)}
    made = {name: _sheet(name, ranges) for name in SHEETS}
    _dead_zones(made["ground"], parts)
    _roads(made["ground"], parts)
    _zones(made["ways"])
    _ways(made["ways"])
    return made


def _sheet(name: str, ranges: dict[str, Any]) -> Any:
    from bokeh.models import PanTool, WheelZoomTool
    from bokeh.plotting import figure

    plot = figure(
        name=f"sheet-{name}", tools="", toolbar_location=None, background_fill_color=None, border_fill_color=None,
        min_border=0, outline_line_color=None, output_backend=BACKEND, sizing_mode="stretch_both", **ranges,
    )  # fmt: skip
    plot.axis.visible = False
    plot.grid.visible = False
    if name == SHEETS[-1]:
        wheel, pan = WheelZoomTool(), PanTool()
        plot.add_tools(pan, wheel)
        plot.toolbar.active_scroll, plot.toolbar.active_drag = wheel, pan
    return plot


def _empty(*columns: str) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({name: [] for name in columns})


def _dead_zones(plot: Any, parts: dict[str, Any]) -> None:
    """By carrier: hatched blocks and their outline."""
    for number, _ in enumerate((parts.get("coverage") or {}).get("carriers", ())):
        hatch, colour = DEAD_ZONES[number % len(DEAD_ZONES)]
        plot.quad(
            "left", "right", "top", "bottom", source=_empty("left", "right", "top", "bottom"), line_color=None,
            fill_color=None, hatch_pattern=hatch, hatch_color=colour, hatch_alpha=0.4, hatch_scale=12.0,
            hatch_weight=1.0, name=f"dead-{number}",
        )  # fmt: skip
        plot.segment(
            "x0", "y0", "x1", "y1", source=_empty("x0", "y0", "x1", "y1"), line_color=colour, line_alpha=0.7,
            line_width=1.2, name=f"dead-edge-{number}",
        )  # fmt: skip


def _roads(plot: Any, parts: dict[str, Any]) -> None:
    from bokeh.models import ColumnDataSource

    nothing = np.empty(0, np.float32)
    for band, (width, _) in ROADS.items():
        x, y = (parts.get(f"road.{band}.{axis}", nothing) for axis in "xy")
        source = ColumnDataSource({"x": x, "y": y})
        plot.line("x", "y", source=source, line_width=width, line_color="#808080", name=f"road-{band}")
    plot.scatter(
        "x", "y", source=ColumnDataSource({"x": parts["depot.x"], "y": parts["depot.y"]}), marker="square_pin", size=20,
        fill_color="#20242B", line_color="white", line_width=2, name="depots",
    )  # fmt: skip


def _zones(plot: Any) -> None:
    """Watched zones and where incidents are: a circle or a polygon each."""
    watched = _area("#009E73", [2, 4])
    struck = _area(TRUE, [8, 3, 2, 3])
    plot.circle("x", "y", radius="r", source=_empty("x", "y", "r"), name="fence-circles", **watched)
    plot.patches("xs", "ys", source=_empty("xs", "ys"), name="fence-polygons", **watched)
    plot.circle("x", "y", radius="r", source=_empty("x", "y", "r"), name="incidents", **struck)
    plot.line("x", "y", source=_empty("x", "y"), line_width=6, line_alpha=0.6, line_color=TRUE, name="true-closed")
    plot.line(
        "x", "y", source=_empty("x", "y"), line_width=4, line_color="#D55E00", line_dash=[6, 3], name="closed",
    )  # fmt: skip


def _area(colour: str, dash: list[int]) -> dict[str, Any]:
    return {"line_color": colour, "line_dash": dash, "line_width": 2, "fill_color": colour, "fill_alpha": 0.07}


def _ways(plot: Any) -> None:
    """Of the selected vehicles: driven solid with a dot for every fix, ahead dashed."""
    trail, way = _empty("x", "y"), _empty("x", "y")
    plot.line("x", "y", source=_empty("x", "y"), line_width=1.5, line_color=TRUE, name="true-trail")
    plot.line("x", "y", source=trail, line_width=2, line_color="#0072B2", line_alpha=0.55, name="trail")
    plot.scatter("x", "y", source=trail, size=3.5, line_color=None, fill_color="#0072B2", name="fixes")
    plot.line("x", "y", source=way, line_width=5, line_color="white", line_alpha=0.75, name="way-under")
    plot.line("x", "y", source=way, line_width=2.2, line_dash=[7, 4], line_color="#0072B2", name="way")
