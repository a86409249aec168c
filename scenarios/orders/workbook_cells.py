"""Print the cells of a workbook's first filled sheet as JSON: a program of its own, run by ``order_table``.

A damaged or hostile workbook can make the native reader ask for half a terabyte and abort the whole process;
here it only takes this one with it. Imports nothing of ours, so that it starts quickly.
"""

import datetime
import json
import sys
from typing import Any

MEMORY_BYTES = 4 << 30
"""Address space the reader may use, where the system can limit it."""


def main(path: str, max_cells: int) -> None:
    """Write ``{"sheet", "others", "first_row", "rows"}`` or ``{"error"}`` to stdout."""
    _limit_memory()
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            answer = _first_filled(workbook, max_cells)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout, default=_as_json)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system: nothing to limit with
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _first_filled(workbook: Any, max_cells: int) -> dict:
    filled = []
    for name in workbook.sheet_names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.height * sheet.width > max_cells:
            return {"error": f"sheet {name} has {sheet.height} x {sheet.width} cells, more than {max_cells}"}
        if sheet.height:
            filled.append((name, sheet))
    if not filled:
        return {"sheet": "", "others": [], "first_row": 1, "rows": []}
    name, sheet = filled[0]
    return {
        "sheet": name,
        "others": [other for other, _ in filled[1:]],
        "first_row": sheet.start[0] + 1,
        "rows": sheet.to_python(skip_empty_area=True),
    }


def _as_json(cell: object) -> dict:
    """Dates, times and durations as ``{"date": …}``, ``{"time": …}``, ``{"datetime": …}``, ``{"seconds":
    …}``."""
    if isinstance(cell, datetime.datetime):
        return {"datetime": cell.isoformat()}
    if isinstance(cell, datetime.date):
        return {"date": cell.isoformat()}
    if isinstance(cell, datetime.time):
        return {"time": cell.isoformat()}
    if isinstance(cell, datetime.timedelta):
        return {"seconds": cell.total_seconds()}
    raise TypeError(f"a cell of type {type(cell).__name__}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
