"""Overloads that happened to somebody, as settings of the playground.

Each is told in a sentence and has the address where it can be read. The rates and service times are
ours, since nobody wrote theirs down; the bounds and the policies are those of the reports, as far
as they say.

>>> [incident.name for incident in INCIDENTS if incident.overload.timeout_s is None]
['go-libp2p-pubsub: the router stops', 'Kuksa: the sensors stop', 'Dragonfly: the publishers stop']
"""

from dataclasses import dataclass

from pubsub_lib.lab.playground.overload import Overload
from pubsub_lib.overflow import Overflow


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happened, and the overload that shows it.

    Attributes:
        name: who it happened to, and what.
        overload: the settings.
        story: what happened, or what was done about it, in a sentence.
        address: where to read more; empty for what is from this course.
    """

    name: str
    overload: Overload
    story: str
    address: str = ""


_LIBP2P = "https://github.com/libp2p/go-libp2p-pubsub/issues/69"
_KUKSA = "https://github.com/eclipse-kuksa/kuksa-databroker/issues/60"
_DRAGONFLY = "https://github.com/dragonflydb/dragonfly/issues/7888"

INCIDENTS = (
    Incident(
        "this notebook: drop the newest",
        Overload(),
        "Twice as many messages come as the slow subscriber can handle.",
    ),
    Incident(
        "the chapter's settings",
        Overload(bound=100, timeout_s=1.0, dead=1),
        "Inboxes of 100, and a second of patience for a subscriber that never reads.",
    ),
    Incident(
        "go-libp2p-pubsub: the router stops",
        Overload(service_time_ms=100, bound=32, timeout_s=None),
        "A subscription holds 32 messages. Then the router waits for it, and all others with it.",
        _LIBP2P,
    ),
    Incident(
        "go-libp2p-pubsub, repaired: drop",
        Overload(service_time_ms=100, bound=32),
        "Now the router waits for nobody: a subscription that is full misses the message.",
        _LIBP2P,
    ),
    Incident(
        "Kuksa: the sensors stop",
        Overload(bound=10, timeout_s=None, dead=1),
        "A client subscribes to a car's sensors and stops reading. Nobody's values come any more.",
        _KUKSA,
    ),
    Incident(
        "Kuksa, repaired: drop the oldest",
        Overload(bound=10, overflow=Overflow.DROP_OLDEST, dead=1),
        "Of a sensor's values the newest counts, so it is the oldest that are given up.",
        _KUKSA,
    ),
    Incident(
        "Dragonfly: the publishers stop",
        Overload(slow=0, timeout_s=None, dead=1),
        "One subscriber is stuck, and whoever publishes to it is made to wait.",
        _DRAGONFLY,
    ),
    Incident(
        "Dragonfly, repaired: disconnect",
        Overload(slow=0, timeout_s=0.1, overflow=Overflow.DISCONNECT, dead=1),
        "A subscriber that is stuck for too long is disconnected, and counted.",
        _DRAGONFLY,
    ),
)
