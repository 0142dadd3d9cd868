"""What a run costs: processor time, memory, timers, and how late it makes the event loop.

>>> from pubsub_lib.lab.costs.leaks import held_by
>>> thing = object()
>>> held_by(thing, {"a list": [thing], "an empty list": []})
['a list']
"""
