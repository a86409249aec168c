"""KPIs: what happened against what head office knew, folded from the tables of a run.

``gather`` folds the ledgers once; ``compute`` and ``by_dimension`` make ``kpis.json`` and ``kpis.parquet`` of it.
"""

from twin.kpis.costs import Costs
from twin.kpis.facts import Evidence, gather
from twin.kpis.kpi import Kpi
from twin.kpis.registry import KPIS, by_dimension, compute
from twin.kpis.tables import Event, Tables, read_events

__all__ = ["KPIS", "Costs", "Event", "Evidence", "Kpi", "Tables", "by_dimension", "compute", "gather", "read_events"]
