"""Heights: tiles and GeoTIFF give the same, between points too."""

import sys
import zipfile

import numpy as np
import pytest

from engine.coverage.elevation import read_elevation
from engine.coverage.problem import FileProblem
from engine.roads.place import MissingExtra

POINTS = 11
NORTHING = np.arange(POINTS)[::-1, None] * 10
HEIGHTS = (NORTHING + np.arange(POINTS)[None, :]).astype(">i2")
"""10 m more each step north, 1 m each step east; 0.1 degree a step."""


def tile(folder, name="N42E001.hgt", heights=HEIGHTS):
    """A small tile of N 42-43, E 1-2."""
    (folder / name).write_bytes(heights.tobytes())
    return folder / name


def geotiff(folder, heights=HEIGHTS, crs="EPSG:4326", corner=(0.95, 43.05), step=0.1, nodata=-32768):
    """The same as a GeoTIFF; its pixels lie around the points."""
    import rasterio

    path = folder / "heights.tif"
    shape = {"width": heights.shape[1], "height": heights.shape[0], "count": 1, "dtype": heights.dtype.name}
    at = rasterio.Affine(step, 0.0, corner[0], 0.0, -step, corner[1])
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=at, nodata=nodata, **shape) as file:
        file.write(heights, 1)
    return path


def test_tiles_and_geotiff_agree_between_points(tmp_path):
    """A plane is bilinear: 100 m a degree north, 10 m a degree east; the edge goes on outside."""
    packed = tmp_path / "N42E001.hgt.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(tile(tmp_path), "N42E001.hgt")
    lat, lon = np.array([42.0, 42.5, 42.512, 43.0, 43.0, 50.0]), np.array([1.0, 1.5, 1.987, 2.0, 1.0, 9.0])
    expected = 100 * np.clip(lat - 42, 0, 1) + 10 * np.clip(lon - 1, 0, 1)
    for path in (tile(tmp_path), packed, geotiff(tmp_path)):
        elevation = read_elevation(path)
        assert elevation.heights_m(lat, lon) == pytest.approx(expected, abs=0.06)
        assert elevation.covers(42.9, 44.0, 0.0, 1.1)
        assert not elevation.covers(43.2, 44.0, 1.0, 2.0)
    assert read_elevation(packed).heights_m(lat[:, None], lon[None, :]).shape == (6, 6)


def test_voids_take_the_nearest_height(tmp_path):
    """One void point and a tile without any height."""
    holed = HEIGHTS.copy()
    holed[0, 0] = -32768
    assert float(read_elevation(tile(tmp_path, heights=holed)).heights_m(np.array(43.0), np.array(1.0))) in (101, 90)
    for path in (tile(tmp_path, heights=np.full_like(HEIGHTS, -32768)),):
        with pytest.raises(FileProblem, match="every point is void"):
            read_elevation(path)


def archive(folder, name, members, flags=0):
    """A zip of files by name; ``flags`` are those of the first one, as its directory has them."""
    with zipfile.ZipFile(folder / name, "w") as made:
        for member, data in members.items():
            made.writestr(member, data)
    data = bytearray((folder / name).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= flags
    (folder / name).write_bytes(bytes(data))
    return folder / name


@pytest.mark.parametrize(
    ("void", "kind"),
    [(-9999, "int16"), (-32768, "int16"), (65535, "uint16"), (np.nan, "float32"), (-3.4e38, "float32")],
)
def test_voids_no_file_tells_of_are_none_of_the_ground(void, kind, tmp_path):
    """Heights from the shore of the Dead Sea to Everest are; a raster in metres has none around its slanting edges."""
    holed = np.full((POINTS, POINTS), 1000, kind)
    holed[:3] = void
    for crs, corner, step in (("EPSG:4326", (0.95, 43.05), 0.1), ("EPSG:25831", (340_000.0, 4_760_000.0), 5_000.0)):
        heights = read_elevation(geotiff(tmp_path, holed, crs, corner, step, nodata=None)).height_m
        assert np.unique(heights).tolist() == [1000.0]
    if kind == "int16":
        assert np.unique(read_elevation(tile(tmp_path, heights=holed.astype(">i2"))).height_m).tolist() == [1000.0]


def test_archives_as_people_have_them(tmp_path):
    """In a folder, in capitals, packed by macOS, or with a tile of another name: then the archive's counts."""
    data = HEIGHTS.tobytes()
    for name, members in (
        ("heights.hgt.zip", {"dem/n42e001.HGT": data}),
        ("heights.hgt.zip", {"N42E001.hgt": data, "__MACOSX/._N42E001.hgt": b"finder"}),
        ("N42E001.SRTMGL1.hgt.zip", {"tile.hgt": data}),
    ):
        elevation = read_elevation(archive(tmp_path, name, members))
        assert float(elevation.heights_m(np.array(42.5), np.array(1.5))) == pytest.approx(55, abs=0.06)
    for name, members, flags, words in (
        ("heights.hgt.zip", {"tile.hgt": data}, 0, "south-west corner"),
        ("heights.hgt.zip", {"N42E001.hgt": data, "N42E002.hgt": data}, 0, "one .hgt file"),
        ("heights.hgt.zip", {"N42E001.hgt": data}, 1, "encrypted"),
    ):
        with pytest.raises(FileProblem, match=words):
            read_elevation(archive(tmp_path, name, members, flags))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("N42E001.hgt", b"abc", "square of 16-bit heights"),
        ("andorra.hgt", b"\0" * 8, "N42E001.hgt"),
        ("N42E001.hgt.zip", b"no zip", "readable elevation file"),
        ("heights.tif", b"no tiff", "readable GeoTIFF"),
        ("heights.png", b"", "an elevation file"),
    ],
)
def test_bad_files_are_refused(name, data, words, tmp_path):
    """Each with what was expected; a file that is not there too."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileProblem, match=words):
        read_elevation(tmp_path / name)
    with pytest.raises(FileProblem):
        read_elevation(tmp_path / "gone" / "N42E001.hgt")


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["the yard",UNIT["metre",1]]'])
def test_a_raster_that_lies_nowhere_on_the_earth_is_refused(crs, tmp_path):
    """One that does not say where, and one in metres from somewhere."""
    with pytest.raises(FileProblem, match="coordinate system on the earth"):
        read_elevation(geotiff(tmp_path, crs=crs))


def test_without_rasterio_one_line_says_what_to_install(tmp_path, monkeypatch):
    """A tile needs nothing."""
    path = geotiff(tmp_path)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(MissingExtra, match=r"fleet-twin\[elevation\]"):
        read_elevation(path)
    read_elevation(tile(tmp_path))
