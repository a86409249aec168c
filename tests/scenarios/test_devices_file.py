"""Device profiles in files of their own; paths at any depth, relative to the scenario or (``--set``) the folder."""

from pathlib import Path

import pytest

from scenarios import load
from scenarios.changes import apply_set
from scenarios.devices_file import read_profile
from scenarios.problems import BadInput
from scenarios.schema_network import DeviceProfile
from tests.tiny import write_tiny

PROFILES = sorted((Path(__file__).resolve().parents[2] / "configs" / "devices").glob("*.yaml"))


def profile(folder: Path, text: str) -> Path:
    """A profile file."""
    path = folder / "box.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", PROFILES, ids=[path.stem for path in PROFILES])
def test_a_shipped_profile_loads(path: Path, tmp_path: Path) -> None:
    """By itself, and in a scenario, where every key it gives arrives."""
    given = read_profile(path)
    device = load(write_tiny(tmp_path, devices={"box": {"file": str(path)}})).model.devices["box"]
    assert device == DeviceProfile.model_validate(given)
    assert device.file is None


def test_the_three_shipped_profiles_differ_where_it_matters() -> None:
    """One without offline mode, one without jitter, one on a battery; all know what they may send."""
    kinds = {path.stem: DeviceProfile.model_validate(read_profile(path)) for path in PROFILES}
    assert set(kinds) == {"driver-tablet", "eld", "wired-tracker"}
    assert [name for name, kind in kinds.items() if not kind.offline_mode] == ["wired-tracker"]
    assert [name for name, kind in kinds.items() if not kind.retry_jitter] == ["wired-tracker"]
    assert [name for name, kind in kinds.items() if kind.supply == "battery"] == ["driver-tablet"]
    assert all(kind.data_plan is not None for kind in kinds.values())


def test_what_stands_beside_the_file_wins(tmp_path: Path) -> None:
    """Key by key, inside sections too; what neither says is the default."""
    profile(tmp_path, "sample_period_s: 20\nretry_s: 7\ndata_plan: {month_mb: 5, throttled_kbps: 64}\n")
    beside = {"file": "box.yaml", "retry_s": 9.0, "data_plan": {"month_mb": 6.0}}
    device = load(write_tiny(tmp_path, devices={"box": beside})).model.devices["box"]
    assert (device.sample_period_s, device.retry_s, device.wifi) == (20, 9, True)
    assert device.data_plan is not None
    assert (device.data_plan.month_mb, device.data_plan.throttled_kbps) == (6, 64)


def test_a_setting_wins_over_the_file_and_adds_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``+=`` starts from the file's value; a file set on the command line lies in the working folder."""
    scenario = write_tiny(tmp_path, devices={"box": {"file": "box.yaml"}})
    profile(tmp_path, "sample_period_s: 20\n")
    assert load(scenario, ["devices.box.sample_period_s=30"]).model.devices["box"].sample_period_s == 30
    assert load(scenario, ["devices.box.sample_period_s+=5"]).model.devices["box"].sample_period_s == 25
    here = tmp_path / "here"
    here.mkdir()
    profile(here, "sample_period_s: 40\n")
    monkeypatch.chdir(here)
    for setting in ("devices.box.file=box.yaml", "devices.box={file: box.yaml}", "devices={box: {file: box.yaml}}"):
        assert load(scenario, [setting]).model.devices["box"].sample_period_s == 40


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("sample_perod_s: 20\n", "sample_perod_s", "did you mean 'sample_period_s'?"),
        ("gnss: {cold_strt_s: 20}\n", "gnss.cold_strt_s", "did you mean 'cold_start_s'?"),
        ("sample_period_s: soon\n", "sample_period_s", "'soon': expected a valid number"),
        ("when_full: drop_oldst\n", "when_full", "did you mean 'drop_oldest'?"),
        ("file: other.yaml\n", "file", "not another file"),
        ("retry_s: 1\nretry_s: 2\n", "line 2, column 1", "YAML 1.2"),
    ],
)
def test_a_mistake_in_a_profile_is_one_line_that_names_it(text: str, key: str, said: str, tmp_path: Path) -> None:
    """The profile's file and the key in it, not the scenario that refers to it."""
    path = profile(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        load(write_tiny(tmp_path, devices={"box": {"file": "box.yaml"}}))
    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == (str(path), key)
    assert said in problem.line()


def test_a_missing_profile_is_a_problem_of_the_scenario(tmp_path: Path) -> None:
    """Beside all others, in one pass."""
    scenario = write_tiny(tmp_path, devices={"box": {"file": "bx.yaml", "retry_s": -1}})
    with pytest.raises(BadInput) as caught:
        load(scenario)
    missing, negative = caught.value.problems
    assert (missing.file, missing.key, missing.value) == (str(scenario), "devices.box.file", str(tmp_path / "bx.yaml"))
    assert "a readable YAML file" in missing.expected
    assert negative.key == "devices.box.retry_s"


def test_paths_are_found_at_any_depth(tmp_path: Path) -> None:
    """Those of carriers and elevation relative to the scenario; a name in ``--set`` to the working folder."""
    carriers = {"a": {"towers_file": "t.csv"}, "b": {"dead_zones_file": "sub/z.geojson"}}
    radio = load(write_tiny(tmp_path, radio={"elevation_file": "e.hgt", "carriers": carriers})).model.radio
    assert radio.elevation_file == str(tmp_path / "e.hgt")
    assert radio.carriers["a"].towers_file == str(tmp_path / "t.csv")
    assert radio.carriers["b"].dead_zones_file == str(tmp_path / "sub" / "z.geojson")
    given = apply_set({}, "radio.carriers.a.towers_file=t.csv")
    assert given == {"radio": {"carriers": {"a": {"towers_file": str(Path.cwd() / "t.csv")}}}}
    assert apply_set({}, "radio.carriers.a.best=t.csv") == {"radio": {"carriers": {"a": {"best": "t.csv"}}}}
