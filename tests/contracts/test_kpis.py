"""What every registered KPI must keep, so that a new one gets these checks for free."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA
from tests.worlds import END_US, T0_US, HandMade, tiny_ledgers
from twin.kpis import KPIS, Tables, by_dimension, compute, gather
from twin.kpis.document import markdown
from twin.kpis.kpi import DIMENSIONS

CONTRACT = """
orders_total delivered_share on_time_share first_attempt_share left_out_share lateness_s_p95 stops_per_h
distance_km driving_h duty_h empty_distance_share utilisation_share workload_spread fuel_l idle_share cost_eur
cost_per_stop_eur eta_error_s_p50 belief_age_s_mean belief_age_s_p95 samples_lost_share alert_precision alert_recall
alert_delay_s_p50 alert_lead_s_p50 assignment_latency_s_p50 plan_changes_per_driver wismo_calls
""".split()  # noqa: SIM905

every_kpi = pytest.mark.parametrize("name", KPIS)


def _tables(truth, office, telemetry=None):
    return Tables(truth, office, T0_US, END_US, telemetry)


@pytest.fixture(scope="module")
def tiny():
    return gather(_tables(*tiny_ledgers()))


def test_the_agreed_names_are_there():
    """Users and studies rely on these names."""
    assert set(CONTRACT) <= set(KPIS)


@every_kpi
def test_a_reader_finds_what_the_number_means(name):
    """Unit, direction, kind, owner and a definition that is a sentence."""
    kpi = KPIS[name]
    assert kpi.name == name
    assert kpi.unit
    assert kpi.owner
    assert kpi.better in ("higher", "lower", "neither")
    assert kpi.kind in ("leading", "lagging")
    assert len(kpi.doc) > 30
    assert kpi.doc.endswith(".")
    assert set(kpi.dimensions) <= set(DIMENSIONS)


@every_kpi
def test_an_empty_run_is_zero_or_undefined(name):
    """Master data but no orders, no trips, no shifts: 0 or null, never an error."""
    world = HandMade()
    world.happen(0, "depot_registered", {"depot_id": "X", "place": {"place_id": "X", "lat": 50.0, "lon": 8.0}})
    row = compute(gather(_tables(*world.tables())))[name]
    assert row["value"] in (None, 0)
    assert row["reported"] in (None, 0)
    nothing = gather(_tables(TRUTH_SCHEMA.empty_table(), OFFICE_SCHEMA.empty_table()))
    assert compute(nothing)[name]["value"] in (None, 0)


@every_kpi
def test_figures_are_plain_json(name, tiny):
    """Exactly the agreed fields; numbers finite, undefined ones null."""
    row = compute(tiny, {name: (0, 1)})[name]
    assert list(row) == ["value", "reported", "unit", "better", "kind", "range", "owner"]
    assert row["range"] == [0.0, 1.0]
    assert json.loads(json.dumps(row, allow_nan=False)) == row


@every_kpi
def test_row_order_changes_nothing(name, tiny):
    """Ledgers and telemetry read backwards give the same bits."""
    backwards = [table.take(pa.array(range(table.num_rows)[::-1])) for table in tiny_ledgers()]
    assert compute(gather(_tables(*backwards)))[name] == compute(tiny)[name]


@every_kpi
def test_only_declared_dimensions_are_listed(name, tiny):
    """A KPI's rows by dimension are those it declares, and its accounts those of its basis."""
    rows = [row for row in by_dimension(tiny).to_pylist() if row["kpi"] == name]
    assert {row["dimension"] for row in rows} <= set(KPIS[name].dimensions)
    allowed = {"both": {"truth", "office"}}.get(KPIS[name].basis, {KPIS[name].basis})
    assert {row["source"] for row in rows} <= allowed


def test_an_unknown_range_is_refused_with_the_nearest_name(tiny):
    """A typing error in the scenario's expectations is named."""
    with pytest.raises(ValueError, match="'on_tim_share' is no KPI; did you mean 'on_time_share'"):
        compute(tiny, {"on_tim_share": (0, 1)})


def test_the_manual_is_up_to_date():
    """docs/kpis.md is what the registry says; write it anew with `python -m twin.kpis.document > docs/kpis.md`."""
    manual = Path(__file__).parents[2] / "docs" / "kpis.md"
    assert manual.read_text(encoding="utf-8") == markdown()
