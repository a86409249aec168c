"""The ICAPS 2021 Dynamic Pickup and Delivery Problem: ``twin solve`` on an instance folder.

A day of orders between factories with docks. Rules and score are those of the competition's simulator
(huawei-noah/xingtian, ``simulator/dpdp_competition``, MIT), told by its code where its words leave them open.
"""

from scenarios.benchmarks.dpdp.solve import recognises, solve

__all__ = ["recognises", "solve"]
