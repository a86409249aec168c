"""Where the line between truth and belief runs in what is sent to screens: in the names of parts."""

from collections.abc import Mapping
from typing import Any

TRUTH = "truth."
"""Parts whose names begin so are for those who may see the truth; nothing else is computed from it."""


def without_truth(parts: Mapping[str, Any]) -> dict[str, Any]:
    """What those may see who sit in the dispatcher's chair."""
    return {name: value for name, value in parts.items() if not name.startswith(TRUTH)}
