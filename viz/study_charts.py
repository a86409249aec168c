"""A study's drawings as Bokeh figures: shapes and colours for numbers prepared elsewhere."""

from typing import TYPE_CHECKING, Any

from scenarios.studies.report_data import Panel
from viz.charts import BLUE, GREY, plain_text

if TYPE_CHECKING:
    from bokeh.plotting import figure

ENDS = ("value", "ci_low", "ci_high")
PER_CENT = 100.0
ROW_PX, MARGIN_PX, LEAST_PX = 46, 70, 190
BASE_DASH, DASHES = "dashed", ("solid", "dotdash")
COLOURS_ONCE = 6
"""Variants after these have the same colours again, with another line."""


def difference_figure(panel: Panel, colours: dict[str, str]) -> "figure":
    """Paired differences from the base: a dot a replication, and above the dots their mean with its interval."""
    from bokeh.models import FactorRange, HoverTool
    from bokeh.transform import jitter

    drawn = [one for one in panel.drawn[1:] if one.diff is not None]
    names = [plain_text(one.variant) for one in drawn]
    plot = _figure(
        f"{panel.kpi}-difference", y_range=FactorRange(*reversed(names)),
        height=max(LEAST_PX, ROW_PX * len(names) + MARGIN_PX),
        x_axis_label=f"difference, {'pp' if panel.unit == '%' else panel.unit}",
    )  # fmt: skip
    plot.ygrid.visible = False
    plot.vspan(x=[0], line_color=GREY, line_width=1.5, line_dash="dashed")
    for name, one in zip(names, drawn):
        colour = colours[one.variant]
        dots = {"x": one.changes, "y": [name] * len(one.changes)}
        plot.scatter(
            "x", jitter("y", width=0.5, range=plot.y_range), source=_source(dots), size=5, color=colour, alpha=0.35,
            line_color=None, name=f"dots-{panel.kpi}",
        )  # fmt: skip
    told = [(name, one) for name, one in zip(names, drawn) if one.low is not None]
    source = _source({
        "y": [name for name, _ in told],
        "low": [one.low for _, one in told],
        "high": [one.high for _, one in told],
        "diff": [one.diff for _, one in told],
        "colour": [colours[one.variant] for _, one in told],
    })  # fmt: skip
    bars = plot.hbar(
        y="y", left="low", right="high", height=0.26, source=source, fill_color="colour", fill_alpha=0.55,
        line_color="colour", line_width=1.5, name=f"interval-{panel.kpi}",
    )  # fmt: skip
    plot.scatter(
        [one.diff for one in drawn], names, size=11, marker="diamond", color=[colours[one.variant] for one in drawn],
        line_color="white", name=f"mean-{panel.kpi}",
    )  # fmt: skip
    tips = [("", "@y"), ("difference", "@diff{0,0.[00]}"), ("interval", "@low{0,0.[00]} to @high{0,0.[00]}")]
    plot.add_tools(HoverTool(renderers=[bars], tooltips=tips))
    return plot


def distribution_figure(panel: Panel, colours: dict[str, str]) -> "figure":
    """How the replications' values spread: for each value the share of replications up to it."""
    from bokeh.models import HoverTool, NumeralTickFormatter

    plot = _figure(
        f"{panel.kpi}-distribution", height=max(LEAST_PX, ROW_PX * (len(panel.drawn) - 1) + MARGIN_PX),
        x_axis_label=f"{panel.label}, {panel.unit}", y_axis_label="replications up to it", y_range=(0, 1.04),
    )  # fmt: skip
    plot.yaxis.formatter = NumeralTickFormatter(format="0 %")
    dashes = [BASE_DASH, *(DASHES[place // COLOURS_ONCE % len(DASHES)] for place in range(len(panel.drawn) - 1))]
    lines = []
    for one, dash in reversed([*zip(panel.drawn, dashes)]):  # the dashed base on top: a variant like it shows through
        least = one.values[:1]  # where it rises from nothing: else one replication would be no line
        x, y = [*least, *one.values], [*(0.0 for _ in least), *one.shares]
        columns = {"x": x, "y": y, "name": [plain_text(one.variant)] * len(x)}
        lines.append(
            plot.step(
                "x", "y", source=_source(columns), mode="after", line_width=2, line_color=colours[one.variant],
                line_dash=dash, name=f"spread-{panel.kpi}",
            )
        )  # fmt: skip
    tips = [("", "@name"), ("", "@y{0 %} of replications up to @x{0,0.[00]}")]
    plot.add_tools(HoverTool(renderers=lines, tooltips=tips))
    return plot


def break_even_figure(found: dict[str, Any]) -> "figure":
    """The difference at each value of the factor, with its interval, and where it is nothing."""
    from bokeh.models import HoverTool

    tried = [one for one in found["evaluations"] if one["ci_low"] is not None]
    plot = _figure(
        "break-even", height=320, x_axis_label=plain_text(found["factor"]), y_axis_label=f"difference, {found['unit']}"
    )
    plot.hspan(y=[0], line_color=GREY, line_width=1.5, line_dash="dashed")
    source = _source({key: [one[key] for one in tried] for key in ("value", "diff", "ci_low", "ci_high")})
    plot.segment("value", "ci_low", "value", "ci_high", source=source, line_color=BLUE, line_width=2)
    dots = plot.scatter("value", "diff", source=source, size=8, color=BLUE, name="break-even-dots")
    tips = [("", "@value"), ("difference", "@diff{0,0.[00]}"), ("interval", "@ci_low{0,0.[00]} to @ci_high{0,0.[00]}")]
    plot.add_tools(HoverTool(renderers=[dots], tooltips=tips))
    return plot


def sensitivity_figure(kpi: str, factors: dict[str, dict[str, dict[str, Any]]], unit: str) -> "figure":
    """The weight of each factor with its interval: shares of the variation, or effects in the figure's unit."""
    from bokeh.models import FactorRange

    measures = [*next(iter(factors.values()))]
    effect = "effect" in measures
    scale, axis = (PER_CENT, "pp" if effect else "%") if unit == "share" or not effect else (1.0, unit)
    rows = [
        (plain_text(key if len(measures) == 1 else f"{key}, {measure}"), *(index[end] for end in ENDS))
        for key, of in factors.items()
        for measure, index in of.items()
        if index["value"] is not None
    ]
    names = [name for name, *_ in rows]
    plot = _figure(
        f"{kpi}-sensitivity", y_range=FactorRange(*reversed(names)),
        height=max(LEAST_PX, ROW_PX * len(names) // 2 + MARGIN_PX),
        x_axis_label=f"{'effect over the range' if effect else 'share of the variation'}, {axis}",
    )  # fmt: skip
    plot.ygrid.visible = False
    plot.vspan(x=[0], line_color=GREY, line_width=1.5, line_dash="dashed")
    told = [(name, scale * low, scale * high) for name, _, low, high in rows if low is not None and high is not None]
    y, low, high = zip(*told) if told else ((), (), ())
    plot.segment(list(low), list(y), list(high), list(y), line_color=BLUE, line_width=2, name=f"weights-{kpi}")
    plot.scatter([scale * value for _, value, *_ in rows], names, size=8, color=BLUE)
    return plot


def _figure(name: str, **options: Any) -> "figure":
    from bokeh.plotting import figure

    plot = figure(
        tools="", toolbar_location=None, background_fill_color=None, border_fill_color=None, name=name,
        sizing_mode="stretch_width", outline_line_color=None, min_border_right=24, **options,
    )  # fmt: skip
    plot.axis.axis_label_text_font_style = "normal"
    plot.yaxis.axis_line_color = plot.yaxis.major_tick_line_color = plot.yaxis.minor_tick_line_color = None
    return plot


def _source(columns: dict[str, Any]) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(columns)
