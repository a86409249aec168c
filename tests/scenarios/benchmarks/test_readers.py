"""Formats told by content and read; what is broken is refused in one line that says where."""

import contextlib
import re

import numpy as np
import pytest

from scenarios.benchmarks.instance import FOREVER, Pair
from scenarios.benchmarks.static import read_instance, recognises
from scenarios.problems import BadInput
from tests.scenarios.benchmarks.instances import random_rows, solomon_text, vrplib_text

SOLOMON = solomon_text([[0, 0, 0, 0, 90, 0], [3, 4, 7, 1, 50, 9], [6, 8, 2, 0, 60, 9]], vehicles=2, capacity=30)
ALIGNED = SOLOMON.replace("0 0 0 0 0 90 0", "0 0 0 0 0 90 00").replace(" 9\n", " 19\n")
LILIM = "2 30 1\n0 0 0 0 0 90 0 0 0\n1 3 4 7 1 50 9 0 2\n2 6 8 -7 0 60 9 1 0\n"
DEPOTS = vrplib_text(
    "MDVRPTW",
    {
        "NODE_COORD": [(0, 0), (9, 9), (3, 4)],
        "DEMAND": [(0,), (0,), (5,)],
        "TIME_WINDOW": [(0, 90), (0, 90), (5, 60)],
        "VEHICLES_DEPOT": [(1,), (2,)],
        "DEPOT": [(1,), (2,), (-1,)],
    },
    VEHICLES=2, CAPACITY=8, VEHICLES_MAX_DURATION=70, SERVICE_TIME=4,
)  # fmt: skip
MATRIX = vrplib_text(
    "VRPTW",
    {
        "DEMAND": [(0,), (5,)],
        "TIME_WINDOW": [(0, 90), (5, 60)],
        "NODE_COORD": [(0, 0), (1, 1)],
    },
    VEHICLES=1, CAPACITY=8, EDGE_WEIGHT_TYPE="EXPLICIT", EDGE_WEIGHT_FORMAT="FULL_MATRIX",
).replace("DEMAND_SECTION", "EDGE_WEIGHT_SECTION\n0 7\n9 0\nDEMAND_SECTION")  # fmt: skip
CVRP = vrplib_text("CVRP", {"NODE_COORD": [(0, 0), (3, 4)], "DEMAND": [(0,), (5,)]}, CAPACITY=8)


def put(tmp_path, text, name="any-name"):
    """The text in a file whose name says nothing."""
    path = tmp_path / name
    path.write_text(text)
    return path


def test_solomon(tmp_path):
    """Rows become nodes, the fleet a number of equal vehicles."""
    instance = read_instance(put(tmp_path, SOLOMON))
    assert (instance.name, len(instance.vehicles), instance.vehicles[0].capacity) == ("TINY", 2, 30)
    assert instance.legs.tolist() == [[0, 5, 10], [5, 0, 5], [10, 5, 0]]
    assert [*instance.demand], [*instance.closes] == ([0, 7, 2], [90, 50, 60])
    assert not instance.vehicles_differ


def test_lilim(tmp_path):
    """Siblings become a pair."""
    instance = read_instance(put(tmp_path, LILIM))
    assert instance.pairs == (Pair(1, 2, 7),)
    assert not instance.demand.any()


def test_several_depots(tmp_path):
    """Customers come after the depots; a service time for all is not the depots'."""
    instance = read_instance(put(tmp_path, DEPOTS))
    assert (instance.depots, [*instance.customers]) == (2, [2])
    assert [vehicle.depot for vehicle in instance.vehicles] == [0, 1]
    assert instance.vehicles_differ
    assert instance.service.tolist() == [0, 0, 4]
    scaled = instance.rounded(instance.default_rounding)
    assert scaled.legs[0, 2] == 5000
    assert (scaled.closes[2], scaled.vehicles[0].max_duration) == (60_000, 70_000)


def test_explicit_matrix(tmp_path):
    """Rows are origins."""
    assert read_instance(put(tmp_path, MATRIX)).legs.tolist() == [[0, 7], [9, 0]]


def test_cvrp_has_no_time(tmp_path):
    """No windows, as many vehicles as customers."""
    instance = read_instance(put(tmp_path, CVRP))
    assert np.isinf(instance.closes).all()
    assert len(instance.vehicles) == 1
    assert instance.vehicles[0].max_duration == FOREVER


@pytest.mark.parametrize("text", [SOLOMON, LILIM, DEPOTS, MATRIX, CVRP])
def test_line_ends_and_marks_do_not_matter(tmp_path, text):
    """Windows line ends, a byte order mark and blank lines at the end read the same."""
    plain, other = put(tmp_path, text, "a"), tmp_path / "b"
    other.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert np.array_equal(read_instance(plain).legs, read_instance(other).legs)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SOLOMON.replace("3 4 7", "3 four 7"), r"line 11, y: 'four': expected a number"),
        (SOLOMON.replace("3 4 7", "3 nan 7"), r"line 11, y: 'nan': expected a number"),
        (SOLOMON[: SOLOMON.index("6 8 2") + 5], r"line 12: '2 6 8 2': expected 7 numbers"),
        (SOLOMON[: SOLOMON.index("CUSTOMER")], r"CUSTOMER: nothing: expected .* cut off"),
        (SOLOMON[: SOLOMON.index("0 0 0")], r"0 rows.*cut off"),
        (SOLOMON.replace("2 6 8", "3 6 8"), r"line 12: '3': expected customer number 2"),
        (SOLOMON.replace("1 50 9", "1 -50 9"), r"line 11, due: '-50': expected at least the ready time 1"),
        (SOLOMON.replace("  2  30", "  2  -30"), r"'-30': expected a whole number of at least 1"),
        (SOLOMON.replace("3 4 7", "3 4 -7"), r"demand: '-7': expected a whole number of at least 0"),
        (ALIGNED[:-2], r"line 12: '2 6 8 2 0 60 1': expected a row as long as all others; is the file cut off"),
        (LILIM[: LILIM.index("2 6 8")], r"line 3: '2': expected a customer of the file, 1 to 1; is the file cut off"),
        (LILIM.replace("-7", "-6"), r"line 3: '2': expected a customer that names this one"),
        (CVRP[: CVRP.index("DEMAND")], r"'no .*': expected one in a file of type CVRP; is the file cut off"),
        (CVRP.replace("2 3 4", "2 3"), r"NODE_COORD_SECTION"),
        (CVRP.replace("2 3 4\n", ""), r"NODE_COORD_SECTION: '1 x 2': expected 2 x 2 numbers"),
        (CVRP.replace("2 3 4", "2 3 x"), r"NODE_COORD_SECTION: 'x'"),
        (CVRP.replace("2 5\n", "2 -5\n"), r"DEMAND_SECTION: '-5.0': expected a number of at least 0"),
        (CVRP.replace("2 5\n", "3 5\n"), r"DEMAND_SECTION: '3': expected row 2, rows are in order"),
        (CVRP.replace("TYPE : CVRP", "TYPE : CVPR"), r"TYPE: 'CVPR': expected one of CVRP"),
        (CVRP.replace("CAPACITY : 8", "CAPACITY : none"), r"CAPACITY: 'none': expected a number"),
        (CVRP.replace("EUC_2D", "GEO"), r"EDGE_WEIGHT_TYPE: 'GEO': expected EUC_2D or EXPLICIT"),
        (CVRP.replace("DEMAND_SECTION", "PRIZE_SECTION\n1 0\n2 3\nDEMAND_SECTION"), r"PRIZE: .*not"),
        (DEPOTS.replace("1 1\n2 2", "1 1\n2 3"), r"depot of a vehicle: '3': expected one of the depots 1 to 2"),
        (DEPOTS[: DEPOTS.index("VEHICLES_DEPOT_SECTION")], r"expected one in a file of type MDVRPTW"),
        (MATRIX.replace("0 7\n9 0", "0 7\n9"), r"EDGE_WEIGHT|VRPLIB file"),
        ("hello\nworld\n", r"expected a benchmark instance"),
        ("", r"expected a benchmark instance"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path, text, says):
    """One line: the file, where, what stands there, what was expected."""
    path = put(tmp_path, text)
    with pytest.raises(BadInput) as refused:
        read_instance(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert re.search(says, message), message


@pytest.mark.parametrize("text", [solomon_text(random_rows(1)), LILIM, DEPOTS, MATRIX])
def test_cutting_anywhere_is_refused_or_a_smaller_instance(tmp_path, text):
    """A file cut after any character never ends in anything but a refusal or a readable instance."""
    for end in range(0, len(text), 3):
        path = put(tmp_path, text[:end])
        with contextlib.suppress(BadInput):
            read_instance(path)


def test_binary_is_not_recognised(tmp_path):
    """A picture is no instance."""
    path = tmp_path / "picture"
    path.write_bytes(bytes(range(256)) * 9)
    assert not recognises(path)
