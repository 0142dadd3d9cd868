"""A small in-process publish/subscribe broker on asyncio, and the steps that lead to it.

`AsyncPubSub` is the broker to use; `RingPubSub` is the quicker one for many subscribers that keep
up. What stands on a broker has modules of its own: `handlers`, `topics`, `codecs` and `caching`;
brokers for several processes are in `pubsub_lib.nats`. `NaivePubSub` and `ChapterPubSub` are where
the course starts from, and are kept with their faults. `pubsub_lib.lab` holds what the notebooks
measure with; nothing here imports it.

>>> import asyncio
>>> async def main() -> None:
...     broker = AsyncPubSub[Message](maxsize=100)
...     queue = await broker.subscribe()
...     task = asyncio.create_task(subscriber_task(queue))
...     await broker.publish(Message(content="Hello"))
...     await broker.shutdown()
>>> asyncio.run(main())
Received: Hello
"""

from pubsub_lib.errors import Disconnected, Lagged, PubSubClosed, PubSubFull, delivered_before
from pubsub_lib.first_attempts.chapter import ChapterPubSub, subscriber_task
from pubsub_lib.first_attempts.naive import NaivePubSub
from pubsub_lib.handlers import Failure, Handler, HandlerGroup
from pubsub_lib.in_process.cursor import RingSubscription
from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.in_process.ring_broker import RingPubSub
from pubsub_lib.interfaces import (
    Broker,
    Codec,
    ManagedBroker,
    ManagedSubscription,
    Publisher,
    Serializable,
    Subscription,
)
from pubsub_lib.messages import Message
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import (
    BrokerStats,
    Deliveries,
    Delivery,
    Missed,
    ShutdownReport,
    SubscriptionStats,
)

__version__ = "1.0.0"

__all__ = [
    "AsyncPubSub",
    "Broker",
    "BrokerStats",
    "ChapterPubSub",
    "Codec",
    "Deliveries",
    "Delivery",
    "Disconnected",
    "Failure",
    "Handler",
    "HandlerGroup",
    "Inbox",
    "Lagged",
    "ManagedBroker",
    "ManagedSubscription",
    "Message",
    "Missed",
    "NaivePubSub",
    "Overflow",
    "PubSubClosed",
    "PubSubFull",
    "Publisher",
    "RingPubSub",
    "RingSubscription",
    "Serializable",
    "ShutdownReport",
    "Subscription",
    "SubscriptionStats",
    "__version__",
    "delivered_before",
    "subscriber_task",
]
