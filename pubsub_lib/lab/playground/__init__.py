"""Sliders: over a broker under more load than it can carry, a deadline, an outage of a server.

>>> from pubsub_lib.lab.playground.overload import Overload
>>> Overload(bound=10, dead=1).settings().partition(", ")[0]
'100 messages per second'
"""
