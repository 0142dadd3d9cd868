"""Time in the lab: a virtual clock that jumps, a stopwatch, and a loop that says when it sleeps.

>>> import asyncio
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> run_virtual(asyncio.sleep(3600, "an hour later"))
'an hour later'
"""
