"""What a service exports of a broker over core NATS, to see in time what gets lost, and why.

>>> NetworkStats._fields[-2:]
('dropped', 'depth')
"""

from typing import Any, NamedTuple

from pubsub_lib.nats.core.intakes import Intakes
from pubsub_lib.nats.core.sender import Sender, SendStats
from pubsub_lib.nats.drops import Drops
from pubsub_lib.nats.transport import Transport


class NetworkStats(NamedTuple):
    """What the network did to a broker's messages so far, and what waits now."""

    connected: bool  #: whether there is a connection now
    reconnects: int  #: how often it was made again
    sending: SendStats  #: what became of the messages that were published here
    received: int  #: messages that came in, with those that did not decode
    lost: int  #: messages that did not, as later numbers show, or that found no room to wait
    undecodable: int  #: payloads that came in and were no messages
    refused_numbers: int  #: numbers of messages that cannot be true, as forged ones
    dropped: Drops  #: what the subscribers have not got, by the reason
    depth: int  #: messages that wait here: in inboxes, and for room in them


def statistics(
    transport: Transport[Any], sender: Sender, intakes: Intakes[Any], *, waiting: int
) -> NetworkStats:
    """Return what there is to say of one broker, in whose inboxes so many messages wait."""
    connection, counts = transport.connection, intakes.counts
    undecodable = transport.decoder.undecodable
    return NetworkStats(
        connected=connection.connected,
        reconnects=connection.reconnects,
        sending=sender.stats,
        received=counts.received,
        lost=counts.lost,
        undecodable=undecodable,
        refused_numbers=intakes.numbering.refused,
        dropped=counts.drops(undecodable),
        depth=intakes.depth + waiting,
    )
