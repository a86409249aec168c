"""Orders written as a planner might, and read back."""

import csv
import io
import random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import from_us
from engine.streams import Streams
from scenarios.orders.generate import generate
from scenarios.places import Candidates
from scenarios.schema_orders import GenerateConfig
from tests.order_files import DAY, LISBON, read, write
from twin.orders import Order

_SPELLINGS = {
    "order_id": ["order_id", "Order No.", "ID", "Auftragsnr", "Pedido"],
    "lat": ["lat", "Latitude", "Breitengrad", "Y"],
    "lon": ["lon", "LNG", "Longitud", "Längengrad"],
    "window_start": ["window_start", "From", "TW start", "earliest", "von", "Desde"],
    "window_end": ["window_end", "to", "TW-End", "Latest", "bis", "Hasta"],
    "service_s": ["service_s", "Service (s)", "duration_seconds"],
    "priority": ["priority", "PRIO", "Prioridad"],
    "weight_kg": ["weight_kg", "Weight [kg]", "Gewicht (kg)", "kg"],
    "volume_m3": ["volume_m3", "Volume (m³)", "cbm"],
    "items": ["items", "Qty", "Stück", "colis"],
    "needs": ["needs", "Skills", "requirements"],
    "customer": ["customer", "Client name", "Kunde"],
    "kind": ["kind", "Type"],
    "pickup_lat": ["pickup_lat", "Pick-up latitude", "from lat"],
    "pickup_lon": ["pickup_lon", "Pickup LNG", "origin lon"],
    "pickup_window_start": ["pickup_window_start", "Pickup from", "collection earliest"],
    "pickup_window_end": ["pickup_window_end", "Pickup to", "collection latest"],
    "pickup_service_s": ["pickup_service_s", "Pickup service (seconds)"],
    "placed_at": ["placed_at", "Ordered at", "created"],
}


def local_text(t_us: int) -> str:
    """A moment as a spreadsheet user would write it, date included."""
    return from_us(t_us).astimezone(LISBON.zone).strftime("%Y-%m-%d %H:%M:%S")


def as_row(order: Order) -> dict[str, str]:
    """An order as the cells of its row."""
    kind = "pair" if order.pickup and order.delivery else "pickup" if order.pickup else "delivery"
    row = {
        "order_id": order.order_id,
        "kind": kind,
        "priority": str(order.priority),
        "customer": order.customer,
    }
    row |= {unit: repr(amount) for unit, amount in order.demand.items()}
    row["needs"] = "; ".join(sorted(order.needs))
    row["placed_at"] = from_us(order.placed_us).isoformat() if order.placed_us is not None else ""
    tasks = {"pickup_": order.pickup, "": order.delivery} if kind == "pair" else {"": order.last_task}
    for prefix, task in tasks.items():
        row |= {f"{prefix}lat": repr(task.place.lat), f"{prefix}lon": repr(task.place.lon)}
        row[f"{prefix}service_s"] = repr(task.service_s)
        (window,) = task.windows
        row |= {
            f"{prefix}window_start": local_text(window.open_us),
            f"{prefix}window_end": local_text(window.close_us),
        }
    return row


@given(seed=st.integers(0, 2**32), delimiter=st.sampled_from(",;\t|"), bom=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path, seed, delimiter, bom):
    """Generated orders, written under randomly spelt headers in random order, come back equal."""
    config = GenerateConfig(known_per_day=12, arriving_per_day=4.0, pair_share=0.2, needs={"cool": 0.3, "two": 0.2})
    grid = Candidates(np.linspace(41.1, 41.2, 50), np.linspace(-8.7, -8.5, 50))
    orders = generate(config, [DAY, DAY + 1], grid, [], Streams(seed), LISBON)
    chooser = random.Random(seed)  # noqa: S311  (spells headers)
    columns = list(_SPELLINGS)
    chooser.shuffle(columns)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([chooser.choice(_SPELLINGS[column]) for column in columns])
    for order in orders:
        row = as_row(order)
        writer.writerow([row.get(column, "") for column in columns])
    path = write(tmp_path, text.getvalue(), encoding="utf-8-sig" if bom else "utf-8")
    assert list(read(path).orders) == orders
