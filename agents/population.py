"""Who takes part: agents registered with Mesa; their behaviour runs on SimPy.

Mesa 3.3 keeps every model alive through a class-level dictionary of agent ids; ``close`` lets go of it.
"""

import mesa

from agents.world import World


class Population(mesa.Model):
    """The agents of one world: ``population.agents_by_type[Driver]``, ``population.agents.select(...)``."""

    def __init__(self, world: World) -> None:
        super().__init__(seed=0)  # Mesa's own generator is never drawn from
        self.world = world

    def close(self) -> None:
        """Forget all agents, here and in Mesa's class-level dictionary."""
        self.remove_all_agents()
        mesa.Agent._ids.pop(self, None)


class FleetAgent(mesa.Agent):
    """An agent with a name of its own (Mesa's numbers depend on order of birth)."""

    model: Population

    def __init__(self, population: Population, name: str) -> None:
        super().__init__(population)
        self.name, self.world = name, population.world
