"""The one model over which a page and its server talk; data only, no script of its own to load."""

from bokeh.core.properties import Any, Bool, Int, String
from bokeh.model import DataModel


class Wire(DataModel):
    """``frame``: changed parts, to the browser. ``action``: what was clicked, from it. ``answer``: how that went.

    ``lost``: why there is no engine any more. ``again``: the page is over, the browser is to open it anew.
    """

    frame = Any(default={})
    action = Any(default={})
    answer = Any(default={})
    beat = Int(default=0)
    lost = String(default="")
    again = Bool(default=False)
