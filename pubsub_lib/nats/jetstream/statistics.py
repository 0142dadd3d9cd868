"""What a service exports of a broker over JetStream, to see in time that somebody falls behind.

>>> JetStreamStats._fields[-4:]
('depth', 'unacknowledged', 'lag', 'oldest_s')
"""

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from nats.js.api import ConsumerInfo

from pubsub_lib.nats.drops import Drops
from pubsub_lib.nats.jetstream.consumer import Consumer
from pubsub_lib.nats.jetstream.position import stored_at
from pubsub_lib.nats.jetstream.stream import Stream


class JetStreamStats(NamedTuple):
    """What the server and the network did to a broker's messages so far, and what waits now.

    The last four are over the subscriptions of this broker that are open.
    """

    connected: bool  #: whether there is a connection now
    reconnects: int  #: how often it was made again
    stored: int  #: messages published here that the server has confirmed
    duplicates_refused: int  #: of these, the ones that it had already
    received: int  #: deliveries to subscriptions here, with those that were repeated
    redelivered: int  #: of these, the repeated ones
    copies_dropped: int  #: of these, the ones that had been handled here, or waited here
    undecodable: int  #: payloads that came in and were no messages
    subscriptions: int  #: of all processes, as the server knew them when it was last asked
    dead_letters: int  #: messages that were set aside here, since they could not be handled
    dropped: Drops  #: what the subscribers have not got, by the reason
    depth: int  #: messages that wait here to be read
    unacknowledged: int  #: messages that wait here, or are being handled
    lag: int  #: messages that the server has not yet sent, as it last said
    oldest_s: float  #: how long ago the oldest of the unacknowledged was stored, in seconds


class NamedSubscription(NamedTuple):
    """What the server keeps under one name."""

    name: str  #: as it was given to `subscribe`
    lag: int  #: messages that it has not yet sent to a reader
    unacknowledged: int  #: messages that it has sent, and that were not handled
    is_read: bool  #: whether anybody reads it now
    expires_after: float | None  #: seconds without a reader after which it is forgotten


def named_subscriptions(consumers: Iterable[ConsumerInfo]) -> list[NamedSubscription]:
    """Return what there is to say of the consumers that have a durable name."""
    return sorted(
        NamedSubscription(
            consumer.name,
            lag=consumer.num_pending or 0,
            unacknowledged=consumer.num_ack_pending or 0,
            is_read=bool(consumer.push_bound),
            expires_after=consumer.config.inactive_threshold or None,
        )
        for consumer in consumers
        if consumer.config.durable_name
    )


def statistics(
    stream: Stream,
    consumers: Iterable[Consumer[Any]],
    *,
    stored: int,
    undecodable: int,
    dead_letters: int,
    dropped: int,
) -> JetStreamStats:
    """Return what there is to say of a stream and the consumers of one broker."""
    counts, connection = stream.counts, stream.connection
    open_ones = [consumer for consumer in consumers if consumer.inbox.in_use]
    envelopes = [each for consumer in open_ones for each in consumer.inbox.envelopes.all()]
    oldest = min(map(stored_at, envelopes), default=None)
    return JetStreamStats(
        connected=connection.connected,
        reconnects=connection.reconnects,
        stored=stored,
        duplicates_refused=counts.duplicates_refused,
        received=counts.received,
        redelivered=counts.redelivered,
        copies_dropped=counts.copies_dropped,
        undecodable=undecodable,
        subscriptions=stream.subscriptions,
        dead_letters=dead_letters,
        dropped=Drops(lost=dropped, undecodable=undecodable, filter_raised=counts.filter_raised),
        depth=sum(consumer.inbox.depth for consumer in open_ones),
        unacknowledged=len(envelopes),
        lag=sum(consumer.lag for consumer in open_ones),
        oldest_s=0.0 if oldest is None else max(time.time() - oldest, 0.0),
    )
