"""Weather that comes on top of the day's own."""

from collections.abc import Generator
from typing import Literal

from scenarios.incidents.stage import Stage, Timing


class WeatherIncident(Timing):
    """Driving speeds are multiplied by the kind's factor (``engine.weather.KINDS``) while it lasts."""

    state: Literal["rain", "heavy_rain", "fog", "storm", "snow"] = "heavy_rain"


def weather(stage: Stage, name: str, what: WeatherIncident) -> Generator[int, None, None]:
    """Bad weather slows every vehicle on trips begun while it lasts."""
    sky, world = stage.world.weather, stage.world
    if sky is None:  # travel times are given: weather changes nothing
        return
    handle = sky.push(what.state, world.now)
    yield round(what.lasts_s * 1e6)
    sky.pop(handle, world.now)
