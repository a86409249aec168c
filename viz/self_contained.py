"""Self-contained pages: a template with Bokeh drawings, everything inline, nothing asked of any network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def self_contained(template: str, plots: Mapping[str, Any], **values: Any) -> str:
    """The page of a template; it finds the drawings in ``plots`` and the scripts in ``bokeh_js`` and ``plots_js``.

    Values are escaped: names from files are text here, whatever they contain.
    """
    from bokeh.document import Document
    from bokeh.embed import components
    from bokeh.resources import Resources
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    document = Document()
    for plot in plots.values():
        document.add_root(plot)
    script, divs = components(dict(plots), wrap_script=False) if plots else ("", {})
    resources = Resources(mode="inline", components=["bokeh"])
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(template).render(
        plots={name: Markup(div) for name, div in divs.items()},  # noqa: S704  (made by Bokeh, ids only)
        bokeh_js=[Markup(js) for js in resources.js_raw] if plots else [],  # noqa: S704
        plots_js=Markup(script),  # noqa: S704  (Bokeh escapes the values in it)
        **values,
    )
