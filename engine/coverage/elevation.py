"""Heights of the ground from a raster: SRTM tiles (``.hgt``, ``.hgt.zip``) and GeoTIFF."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from engine.coverage.problem import FileProblem, why
from engine.roads.place import MissingExtra

_GROUND_M = -500.0, 9_000.0
"""Between the shore of the Dead Sea and Everest; what lies beyond marks a void, whether the file says so or not."""
_OF_MACOS = "__MACOSX/"  # its archiver puts a namesake of each file in there
_NAME = re.compile(r"([NS])(\d{2})([EW])(\d{3})", re.IGNORECASE)


@dataclass(frozen=True)
class Elevation:
    """Heights in metres at the points of a regular grid in degrees: row 0 is the northernmost.

    ``lat0``, ``lon0`` are the position of point [0, 0]; ``lat_step``, ``lon_step`` (both positive) the way from
    one point to the next.
    """

    height_m: np.ndarray  # float32 [rows, columns]
    lat0: float
    lon0: float
    lat_step: float
    lon_step: float

    def heights_m(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Bilinear heights, of the nearest edge outside; float64 of the broadcast shape, to whole decimetres."""
        rows, columns = self.height_m.shape
        row = np.clip((self.lat0 - lat) / self.lat_step, 0, rows - 1)
        column = np.clip((lon - self.lon0) / self.lon_step, 0, columns - 1)
        top, left = np.minimum(row.astype(int), rows - 2), np.minimum(column.astype(int), columns - 2)
        down, right = row - top, column - left
        h = self.height_m
        upper = h[top, left] * (1 - right) + h[top, left + 1] * right
        lower = h[top + 1, left] * (1 - right) + h[top + 1, left + 1] * right
        return np.round(upper * (1 - down) + lower * down, 1)

    def covers(self, south: float, north: float, west: float, east: float) -> bool:
        """Whether any of a box lies within the raster."""
        rows, columns = self.height_m.shape
        low_lat, high_lon = self.lat0 - (rows - 1) * self.lat_step, self.lon0 + (columns - 1) * self.lon_step
        return south <= self.lat0 and north >= low_lat and west <= high_lon and east >= self.lon0


def read_elevation(path: str | Path) -> Elevation:
    """Read a raster of heights; voids take the height of the nearest known point.

    Raises:
        FileProblem: not readable, or not such a raster.
        MissingExtra: a GeoTIFF, and rasterio is not installed.
    """
    path = Path(path)
    name = path.name.lower()
    try:
        if name.endswith(".hgt"):
            return _from_hgt(path.name, path.read_bytes())
        if name.endswith(".hgt.zip"):
            return _from_archive(path)
    except (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:  # RuntimeError: encrypted
        raise FileProblem("", path.name, f"a readable elevation file ({why(error)})") from None
    if name.endswith((".tif", ".tiff")):
        return _from_geotiff(path)
    raise FileProblem("", path.name, "an elevation file: .hgt, .hgt.zip, .tif or .tiff")


def _from_archive(path: Path) -> Elevation:
    """The only tile of an archive, named by itself or, if called otherwise, by the archive."""
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.namelist() if member.lower().endswith(".hgt")]
        members = [member for member in members if not member.startswith(_OF_MACOS)]
        if len(members) != 1:
            raise FileProblem("", path.name, "one .hgt file in the archive")
        data, own = archive.read(members[0]), Path(members[0]).name
    return _from_hgt(own if _NAME.match(own) else path.name, data)


def _from_hgt(name: str, data: bytes) -> Elevation:
    """An SRTM tile: big-endian 16-bit metres from the north-west corner, named by its south-west corner."""
    corner = _NAME.match(name)
    if corner is None:
        raise FileProblem("", name, "a tile named by its south-west corner, like N42E001.hgt")
    points = int((len(data) // 2) ** 0.5)
    if points < 2 or points * points * 2 != len(data):
        raise FileProblem("", name, f"a square of 16-bit heights, the file has {len(data)} bytes")
    south = int(corner[2]) * (1 if corner[1].upper() == "N" else -1)
    west = int(corner[4]) * (1 if corner[3].upper() == "E" else -1)
    height_m = np.frombuffer(data, ">i2").reshape(points, points)
    step = 1.0 / (points - 1)
    return Elevation(_filled(name, height_m), south + 1.0, float(west), step, step)


def _from_geotiff(path: Path) -> Elevation:
    """The first band of a GeoTIFF in any coordinate system, seen in degrees."""
    try:
        import rasterio
        from rasterio.vrt import WarpedVRT
    except ModuleNotFoundError as error:
        raise MissingExtra('GeoTIFF elevation needs rasterio: pip install "fleet-twin[elevation]"') from error
    try:
        with rasterio.open(path) as file:
            if file.crs is None or not (file.crs.is_geographic or file.crs.is_projected):
                raise FileProblem("", path.name, "a GeoTIFF that says its coordinate system on the earth")
            with WarpedVRT(file, crs="EPSG:4326", nodata=np.nan, dtype="float32") as degrees:
                height_m, at = degrees.read(1), degrees.transform
    except rasterio.errors.RasterioError as error:
        raise FileProblem("", path.name, f"a readable GeoTIFF ({' '.join(str(error).split())})") from None
    if min(height_m.shape) < 2:
        raise FileProblem("", path.name, "a raster of at least 2 x 2 points")
    return Elevation(_filled(path.name, height_m), at.f + at.e / 2, at.c + at.a / 2, -at.e, at.a)


def _filled(name: str, height_m: np.ndarray) -> np.ndarray:
    low_m, high_m = _GROUND_M
    void = ~((height_m >= low_m) & (height_m <= high_m))  # NaN too
    if void.all():
        raise FileProblem("", name, "heights; every point is void")
    if void.any():
        row, column = distance_transform_edt(void, return_distances=False, return_indices=True)
        height_m = height_m[row, column]
    return np.ascontiguousarray(height_m, np.float32)
