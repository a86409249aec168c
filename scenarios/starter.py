"""``twin new``: a commented scenario to start from."""

from importlib.resources import files
from pathlib import Path

from engine.roads.osm import SUFFIXES as ROAD_FILES
from scenarios.folder import FolderInUse, make_folder
from scenarios.orders.table import read_table
from scenarios.problems import BadInput, Problem


def write_starter(folder: Path, orders: str | None = None, roads: str | None = None) -> Path:
    """Write ``scenario.yaml`` into a new or empty folder: the default day with your orders and roads, if given.

    Raises:
        BadInput: a given file does not exist, the orders are no table or the roads not called as road files are, the
            folder is not empty or cannot be made.
    """
    for flag, given in (("--orders", orders), ("--roads", roads)):
        if given is not None and not Path(given).is_file():
            raise BadInput([Problem(flag, "", given, "a file that exists")])
    if orders is not None:
        read_table(orders)
    if roads is not None and not roads.lower().endswith(ROAD_FILES):
        raise BadInput([Problem("--roads", "", roads, f"a road file: {', '.join(ROAD_FILES[:4])}")])
    text = (files("configs") / "default.yaml").read_text(encoding="utf-8")
    text = text.replace("name: default\n", f"name: {_slug(folder.resolve().name)}\n")
    text = text.replace("time_zone: Europe/Lisbon\n", "time_zone: Europe/Lisbon       # set your region's\n")
    if roads is not None:
        _, _, text = text.partition("name:")
        text = f"# A day on your own roads; every key is explained in docs/scenario.md.\nname:{text}"
        path = str(Path(roads).resolve())
        text = text.replace("  synthetic: {nodes: 4000, seed: 1}\n", f'  osm_file: "{path}"\n')
    if orders is not None:
        before, _, rest = text.partition("orders:\n")
        _, _, after = rest.partition("\n\n")
        path = str(Path(orders).resolve())
        text = (
            f'{before}orders:\n  file: "{path}"            # columns: see docs/orders.md\n  on_bad_row: fail\n\n{after}'
        )
    try:
        make_folder(folder)
    except FolderInUse:
        raise BadInput([Problem("FOLDER", "", str(folder), "a new or empty folder that can be written into")]) from None
    target = folder / "scenario.yaml"
    target.write_text(text, encoding="utf-8")
    return target


def _slug(name: str) -> str:
    slug = "".join(char if char.isalnum() and char.isascii() else "-" for char in name.lower()).strip("-")
    return slug[:64] or "scenario"
