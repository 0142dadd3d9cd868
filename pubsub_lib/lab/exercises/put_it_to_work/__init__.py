"""The checks of notebook 13: a follower that comes back, a limit per visitor, and who is here.

None of them needs a server: a board that ends, or a worker that is killed, is one on the virtual
clock, where an hour of waiting takes no time.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("13.2", None).state
'not attempted yet'
"""

from pubsub_lib.lab.exercises.put_it_to_work import coming_back, limits, presence

__all__ = ["coming_back", "limits", "presence"]
