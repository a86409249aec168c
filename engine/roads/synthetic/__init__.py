"""Invented regions: a seeded, believable road network of any size where no map is at hand.

A city with an old centre, blocks, suburbs, a ring road and a river; towns and villages around it; country
roads and winding mountain roads between them. ``layout`` decides where things lie, ``mains`` and ``streets``
draw the roads, ``join`` turns them into junctions and edges, ``names`` gives addresses.
"""

from engine.roads.synthetic.region import synthetic_region

__all__ = ["synthetic_region"]
