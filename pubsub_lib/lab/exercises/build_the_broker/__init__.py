"""The checks of notebook 03: the chapter's broker, step by step.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> examine("03.1", ChapterPubSub).state
'solved'
>>> examine("03.2", ChapterPubSub).explanation
'keep count of the messages that were dropped, in self.dropped'
"""

from pubsub_lib.lab.exercises.build_the_broker import dropping, fan_out, stopping, tap

__all__ = ["dropping", "fan_out", "stopping", "tap"]
