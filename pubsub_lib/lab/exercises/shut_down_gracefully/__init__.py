"""The checks of notebook 06: stop against a deadline, mend the shop, stop a chain.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("06.1", None).state
'not attempted yet'
"""

from pubsub_lib.lab.exercises.shut_down_gracefully import chain, deadline, reader

__all__ = ["chain", "deadline", "reader"]
