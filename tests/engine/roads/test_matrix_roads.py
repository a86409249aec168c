"""Roads given as a table."""

import numpy as np
import pytest

from engine.geo import great_circle_m
from engine.roads.graph import Profile
from engine.roads.matrix import MatrixRoads
from engine.roads.raw import RoadFileError
from engine.roads.router import UNREACHABLE

CAR = Profile("car")
PAIRS = "from,to,seconds,metres\nD,A,60,500\nA,D,90.5,\nA,B,30,200\n"
AT = {"D": (45.0, 10.0), "A": (45.0, 10.01), "B": (45.01, 10.01)}


def write(tmp_path, text, name="times.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_pairs(tmp_path):
    """Rows of pairs; what is not listed is unreachable, what has no metres is as the crow flies."""
    roads = MatrixRoads.read(write(tmp_path, PAIRS), AT)
    d, a, b = (roads.snap(0, 0, CAR, name).node for name in "DAB")
    duration, distance = roads.matrix([d, a, b], [d, a, b], 0, CAR)
    assert duration.tolist() == [[0, 60_000, UNREACHABLE], [90_500, 0, 30_000], [UNREACHABLE, UNREACHABLE, 0]]
    assert distance[0].tolist() == [0, 500, UNREACHABLE]
    assert distance[1, 0] == round(float(great_circle_m(*AT["A"], *AT["D"])))
    assert roads.legs_ms([d, a], [a, b], 0, CAR).tolist() == [60_000, 30_000]


def test_square(tmp_path):
    """A square table with names along both sides, byte-order mark and spaces and all."""
    roads = MatrixRoads.read(write(tmp_path, "\ufeff,D, A\nD,0,60\nA,90,0\n"))
    assert roads.names == ("D", "A")
    assert roads.duration_ms.tolist() == [[0, 60_000], [90_000, 0]]


def test_npz(tmp_path):
    """Arrays with everything stated."""
    seconds = np.array([[0, 10.5], [np.inf, 0]])
    np.savez(
        tmp_path / "t.npz",
        names=["x", "y"],
        duration_s=seconds,
        distance_m=seconds * 10,
        lat=[45, 46],
        lon=[9, 9],
    )
    roads = MatrixRoads.read(tmp_path / "t.npz")
    assert roads.duration_ms.tolist() == [[0, 10_500], [UNREACHABLE, 0]]
    assert roads.distance_m[0, 1] == 105
    assert roads.place_of(1) == (46, 9)


def test_a_drive_is_a_straight_line(tmp_path):
    """From place to place in the given time, faster by pace; none where there is no way."""
    roads = MatrixRoads.read(write(tmp_path, PAIRS)).placed(AT)
    drive = roads.drive(0, 1, 1_000, CAR, pace=2.0)
    assert drive.t_us.tolist() == [1_000, 30_001_000]
    assert drive.odometer_mm.tolist() == [0, 500_000]
    assert (drive.node, len(drive.edges)) == (1, 0)
    assert [(drive.x_mm[i], drive.y_mm[i]) for i in (0, 1)] == [roads.position_mm(0), roads.position_mm(1)]
    assert roads.drive(2, 0, 5, CAR).t_us.tolist() == roads.drive(2, 2, 5, CAR).t_us.tolist() == [5]
    assert roads.drive(2, 0, 5, CAR).node == 2


def test_places_by_name_and_by_position(tmp_path):
    """An unknown name is answered with the nearest; without a name the nearest place counts."""
    roads = MatrixRoads.read(write(tmp_path, "from,to,seconds\nDepot,Anna,60\nAnna,Depot,60\n"), {"Anna": (45, 10)})
    with pytest.raises(ValueError, match="'Ana'; the nearest name is 'Anna'"):
        roads.snap(0, 0, CAR, "Ana")
    assert roads.snap(44.9, 10, CAR).node == 1
    assert roads.snap_all(np.array([0.1, 45]), np.array([0, 10]), CAR)[0].tolist() == [0, 1]
    with pytest.raises(ValueError, match="no streets"):
        roads.edges_of_street("High Street")


def test_zero_seconds_take_no_time_yet_count_up(tmp_path):
    """Two places in one: keyframes rise strictly all the same."""
    roads = MatrixRoads.read(write(tmp_path, "from,to,seconds\na,b,0\nb,a,0\n"), {"a": (45, 10), "b": (45, 10)})
    assert np.diff(roads.drive(0, 1, 7, CAR).t_us).tolist() == [1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no travel times"),
        ("from,to,seconds\n", "holds no travel times"),
        ("from,to,seconds\na,b,soon\nb,a,-1\n", "row 2: seconds: 'soon'"),
        ("from,to,seconds\na,b,nan\n", "row 2: seconds: 'nan'"),
        ("from,to,seconds\na,b,1\na,b,2\n", "row 3: a to b is given twice"),
        ("from,to,seconds\na,b\n", "row 2: expected from,to,seconds"),
        ("id,a,b\na,0,1\n", "square table"),
        (",a,a\na,0,1\na,1,0\n", "different names"),
        (",a,b\na,0,1\nc,1,0\n", "row 3: expected 'b'"),
        (",a,b\na,0,x\nb,1,0\n", "row 2, column b: 'x'"),
    ],
)
def test_bad_tables_are_refused_by_row(tmp_path, text, says):
    """Every message names the file and the row."""
    path = write(tmp_path, text)
    with pytest.raises(RoadFileError, match=says) as refused:
        MatrixRoads.read(path)
    assert all(line.startswith(str(path)) for line in str(refused.value).splitlines())


def test_all_bad_rows_are_told_at_once(tmp_path):
    """Two problems, two lines; of hundreds the first twenty."""
    text = "from,to,seconds\n" + "".join(f"a,b{i},soon\n" for i in range(100))
    with pytest.raises(RoadFileError) as refused:
        MatrixRoads.read(write(tmp_path, text))
    assert len(str(refused.value).splitlines()) == 21


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"names": ["a"]}, "lacks duration_s"),
        ({"names": ["a", "b"], "duration_s": np.zeros((1, 1))}, "shape"),
        ({"names": ["a", "a"], "duration_s": np.zeros((2, 2))}, "not all different"),
        ({"names": ["a", "b"], "duration_s": np.array([[0, np.nan], [1, 0]])}, "NaN"),
    ],
)
def test_bad_arrays_are_refused(tmp_path, arrays, says):
    """What is missing or of the wrong shape is named."""
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(RoadFileError, match=says):
        MatrixRoads.read(tmp_path / "t.npz")


def test_files_that_are_no_table(tmp_path):
    """Missing, not a zip, not UTF-8."""
    (tmp_path / "t.npz").write_bytes(b"hello")
    (tmp_path / "t.csv").write_bytes(b"from,to,seconds\n\xff,b,1\n")
    for name in ("t.npz", "t.csv", "absent.csv"):
        with pytest.raises(RoadFileError, match=name):
            MatrixRoads.read(tmp_path / name)
