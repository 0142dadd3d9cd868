"""The checks of notebook 05: settings for four kinds of data, gaps that are told, and the newest.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("05.1", None).state
'not attempted yet'
"""

from pubsub_lib.lab.exercises.when_a_queue_is_full import gap_log, newest, settings

__all__ = ["gap_log", "newest", "settings"]
