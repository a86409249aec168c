"""Towers: published path losses, best server, hills, and files as OpenCelliD gives them."""

import gzip

import numpy as np
import pytest

from engine.coverage.code import LTE, NO_SIGNAL, NR, OLDER
from engine.coverage.path_loss import hata_suburban_db, knife_edge_db
from engine.coverage.problem import FileProblem
from engine.coverage.towers import TECHNOLOGIES, Towers, levels, read_towers
from tests.engine.coverage.regions import PLANE, region

HEADER = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
ROW = "{},213,{},1,2,0,{},{},1000,5,1,1459743588,1459743588,0\n"


def test_path_loss_as_published():
    """Hata's urban median at 900 MHz, 30 m and 1.5 m, 1 km is 126.4 dB, rising 35.2 dB a decade; a suburb is
    9.9 dB better."""
    at = hata_suburban_db(900.0, np.array([1.0, 10.0]), 30.0, 1.5)
    assert at[0] == pytest.approx(126.4 - 9.94, abs=0.05)
    assert at[1] - at[0] == pytest.approx(35.22, abs=0.01)


def test_a_knife_edge_as_published():
    """ITU-R P.526: grazing (nu = 0) costs 6.0 dB, nu = 1 13.9 dB, nu = 2.4 20.5 dB, well below nothing."""
    wavelength = 299.792458 / 900.0
    above = np.array([0.0, 1.0, 2.4, -5.0]) / np.sqrt(2 * 2000.0 / (wavelength * 1e6))
    loss = knife_edge_db(above, np.full(4, 1000.0), np.full(4, 1000.0), 900.0)
    assert loss == pytest.approx([6.0, 13.9, 20.5, 0.0], abs=0.15)


def tower(radio: str, x_m: float = 0.0, y_m: float = 0.0) -> Towers:
    """One cell on the plane."""
    lat, lon = PLANE.to_lat_lon(x_m, y_m)
    return Towers((radio,), np.array([float(lat)]), np.array([float(lon)]))


@pytest.mark.parametrize(("radio", "level"), [("GSM", OLDER), ("LTE", LTE), ("NR", NR)])
def test_a_lone_tower_covers_a_disc(radio, level):
    """Out to where the median path loss leaves what a phone needs, and no further."""
    flat = region(cells=400, cell_mm=100_000)
    of = levels(flat, tower(radio), np.zeros(flat.grid.shape))
    x_m, y_m = flat.grid.centres_m()
    distance_m = np.hypot(y_m[:, None], x_m[None, :])
    technology = TECHNOLOGIES[radio]
    most_db = technology.power_dbm - technology.least_dbm
    reached = hata_suburban_db(technology.frequency_mhz, distance_m / 1000, 30.0, 1.5) <= most_db
    assert (of != np.where(reached, level, NO_SIGNAL)).sum() <= 8  # on the circle, rounding may decide
    assert 2000 < distance_m[of > 0].max() < 30_000


def test_the_newest_technology_received_counts():
    """5G inside its reach, then LTE, then GSM."""
    flat = region(cells=400, cell_mm=100_000)
    lone = [tower(radio) for radio in ("GSM", "NR", "LTE")]
    all_three = Towers(("GSM", "NR", "LTE"), *(np.concatenate([getattr(t, a) for t in lone]) for a in ("lat", "lon")))
    of = levels(flat, all_three, np.zeros(flat.grid.shape))
    outward = of[200, 200:]
    assert (np.diff(outward.astype(int)) <= 0).all()
    assert np.unique(outward).tolist() == [0, 1, 2, 3]


def test_shadowing_raises_and_lowers():
    """Two deviations up reach further than two down."""
    flat = region(cells=300, cell_mm=100_000)
    reach = [(levels(flat, tower("LTE"), np.full(flat.grid.shape, by)) > 0).sum() for by in (-2.0, 0.0, 2.0)]
    assert reach[0] < 0.5 * reach[1] < 0.25 * reach[2]


def test_a_hill_hides_the_tower_behind_it():
    """A ridge of 300 m to the east: dark behind it, as before to the west."""
    height = np.zeros((240, 240))
    height[:, 140:144] = 300.0
    flat, hilly = region(), region(height_m=height)
    calm = np.zeros(flat.grid.shape)
    open_, hidden = levels(flat, tower("LTE"), calm), levels(hilly, tower("LTE"), calm)
    behind, before = (slice(100, 140), slice(150, 200)), (slice(100, 140), slice(20, 130))
    assert (open_[behind] == LTE).all()
    assert (hidden[behind] == NO_SIGNAL).mean() > 0.7
    roads = region().roads
    assert np.array_equal(open_[before][roads[before]], hidden[before][roads[before]])


def test_behind_a_hill_the_next_nearest_mast_serves():
    """The nearest is hidden by a ridge, another further away is not."""
    height = np.zeros((240, 240))
    height[:, 140:144] = 300.0
    (lat_a, lat_b), (lon_a, lon_b) = PLANE.to_lat_lon(np.array([0.0, 5500.0]), np.zeros(2))
    both = Towers(("LTE", "LTE"), np.array([lat_a, lat_b]), np.array([lon_a, lon_b]))
    hilly = region(height_m=height)
    calm = np.zeros(hilly.grid.shape)
    behind = (slice(110, 130), slice(150, 170))  # 1,500 to 2,500 m from the one, 3,000 to 4,000 m from the other
    assert (levels(hilly, tower("LTE"), calm)[behind] == NO_SIGNAL).mean() > 0.7
    assert (levels(hilly, both, calm)[behind] == LTE).all()


@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("name", ["towers.csv", "towers.csv.gz"])
def test_files_are_read_with_and_without_header(header, name, tmp_path):
    """And only the operator's cells are taken."""
    text = header + ROW.format("LTE", 3, 1.5, 42.5) + ROW.format("GSM", 7, 1.6, 42.6)
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    every, mine = read_towers(tmp_path / name), read_towers(tmp_path / name, 7)
    assert every.radio == ("LTE", "GSM")
    assert (mine.radio, mine.lat.tolist(), mine.lon.tolist()) == (("GSM",), [42.6], [1.6])


def test_a_header_says_where_columns_stand(tmp_path):
    """In whatever order, without those that are not used; and as other systems end lines."""
    rows = ["lat,lon,net,mcc,Radio,seen", "42.5,-1.5,3,213,nr,2026", "42.6,-1.6,7,213,LTE,", ""]
    (tmp_path / "towers.csv").write_text("\r\n".join(rows), encoding="utf-8-sig", newline="")
    towers = read_towers(tmp_path / "towers.csv", country=213)
    assert (towers.radio, towers.lat.tolist(), towers.lon.tolist()) == (("NR", "LTE"), [42.5, 42.6], [-1.5, -1.6])


def test_beyond_a_border_the_same_net_is_another_operator(tmp_path):
    """Andorra's 213-3 and Spain's 214-3; rows as OpenCelliD has them, of all technologies, some never measured."""
    rows = [ROW.format(radio, 3, 1.5, 42.5 + n / 100) for n, radio in enumerate(TECHNOLOGIES)]
    rows[1] = rows[1].replace(",1000,5,", ",-1,0,")
    abroad = ROW.format("LTE", 3, 1.4, 42.3).replace(",213,", ",214,")
    (tmp_path / "towers.csv").write_text(HEADER + "".join(rows) + abroad)
    assert len(read_towers(tmp_path / "towers.csv", 3).radio) == len(TECHNOLOGIES) + 1
    assert read_towers(tmp_path / "towers.csv", 3, 213).radio == tuple(TECHNOLOGIES)
    assert read_towers(tmp_path / "towers.csv", country=214).lat.tolist() == [42.3]
    with pytest.raises(FileProblem, match=r"cells of net 1 in country 214; its nets are 213-3, 214-3$"):
        read_towers(tmp_path / "towers.csv", 1, 214)


def test_cells_that_serve_nobody_on_the_move_are_not_taken(tmp_path):
    """Large registers hold some; an operator may have no others."""
    (tmp_path / "towers.csv").write_text(ROW.format("NBIOT", 3, 1.5, 42.5) + ROW.format("LTE", 7, 1.6, 42.6))
    assert read_towers(tmp_path / "towers.csv").radio == ("LTE",)
    with pytest.raises(FileProblem, match=r"cells of net 3; its nets are 7$"):
        read_towers(tmp_path / "towers.csv", 3)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (ROW.format("LTE", 3, 1.5, 95), "row 1, column lat", "degrees within 90"),
        (HEADER + ROW.format("LTE", 3, "east", 42), "row 2, column lon", "degrees within 180"),
        (ROW.format("WLAN", 3, 1.5, 42), "row 1, column radio", "one of GSM"),
        (ROW.format("LTE", "x", 1.5, 42), "row 1, column net", "a whole number"),
        (ROW.replace("213", "AD").format("LTE", 3, 1.5, 42), "row 1, column mcc", "a whole number"),
        ("LTE,213,3\n", "row 1", "the columns radio"),
        ("radio,lat,lon\nLTE,42,1\n", "row 1", "the columns radio"),
        (HEADER, "", "cells of net 3"),
        (ROW.format("LTE", 4, 1.5, 42), "", "cells of net 3; its nets are 4"),
    ],
)
def test_bad_files_are_named_by_row_and_column(text, where, words, tmp_path):
    """What is there and what was expected."""
    (tmp_path / "towers.csv").write_text(text)
    with pytest.raises(FileProblem) as caught:
        read_towers(tmp_path / "towers.csv", 3)
    assert caught.value.where == where
    assert words in caught.value.expected


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", b"\xff\xfe\x00"), ("a.csv.gz", b"no gzip"), ("a.csv.gz", gzip.compress(b"x" * 99, mtime=0)[:-9])],
)
def test_files_that_are_no_csv_are_refused(name, data, tmp_path):
    """Also cut ones and those that are not there."""
    (tmp_path / name).write_bytes(data)
    for path in (tmp_path / name, tmp_path / "nowhere.csv"):
        with pytest.raises(FileProblem, match="readable CSV"):
            read_towers(path)
