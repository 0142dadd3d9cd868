"""What a broker offers, and where brokers may differ: on this it depends what one must promise.

Whoever adds a broker states its traits, and learns which promises it has to keep; no promise names
a class. A broker that grows, as a learner's does, gains traits on the way.

>>> print(Trait.OVERTAKES.value)
a subscriber that is full loses its oldest messages, and its reader is told so by `Lagged`
>>> Trait.IN_PROCESS in MANAGED
False
"""

from enum import Enum


class Trait(Enum):
    """Something that is true of a kind of broker. The value says what."""

    # What it is.
    IN_PROCESS = "hands over the message itself, within one process and on one event loop"
    WAITS_FOR_ROOM = (
        "a publish waits for a subscriber that is full, one second unless told otherwise"
    )
    DROPS = "a subscriber that stays full misses messages"

    # What it offers, beyond `subscribe()`, `publish()`, `shutdown()` and `maxsize`.
    DELIVERIES = "`publish()` says who got the message, and who missed it"
    TIMEOUT = (
        "waits for all who are full at once, as long as `timeout` says; `publish_nowait()` does not"
    )
    ENDING = "`shutdown(timeout=...)` waits for the readers, and reports what was left"
    LEAVING = "a subscription has a name and can be closed; one that nobody holds is forgotten"
    STATISTICS = "`stats` counts what was received and what was dropped"
    PUBLISHING_MANY = "`publish_many()` publishes any number of messages in one call"
    ITERATION = "a subscription is read by `async for`, one by one or in `batches()`"
    FILTERS = "`subscribe(where=...)` takes only what is wanted"
    POLICIES = "`overflow=` says what becomes of a message that finds no room"
    REPLAY = "`subscribe(replay=...)` gives a newcomer the last messages first"
    HISTORY = "keeps `history=` messages for that, of each `key=` the latest, and none by itself"
    THREADS = "`publish_threadsafe()` may be called from other threads"

    # Where two brokers may both be right, and differ.
    SHARES_FATE = "nobody gets a message before there is room for everybody"
    OVERTAKES = (
        "a subscriber that is full loses its oldest messages, and its reader is told so by `Lagged`"
    )
    COUNTS_THE_UNWANTED = (
        "a message that a filter refuses counts as delivered until it is passed over"
    )


MANAGED = frozenset(
    {
        Trait.DELIVERIES,
        Trait.PUBLISHING_MANY,
        Trait.TIMEOUT,
        Trait.ENDING,
        Trait.LEAVING,
        Trait.STATISTICS,
        Trait.ITERATION,
        Trait.FILTERS,
        Trait.THREADS,
    }
)
"""What every `pubsub_lib.ManagedBroker` of the library offers."""
