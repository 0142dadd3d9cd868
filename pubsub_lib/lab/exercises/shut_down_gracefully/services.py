"""What the checks of notebook 06 share: a broker with messages in it, and the time.

>>> import asyncio
>>> async def main() -> int:
...     _broker, inbox = await broker_with(1, 2)
...     return inbox.qsize()
>>> asyncio.run(main())
2
"""

import asyncio

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub

SERVICE_TIME_S = 2.0


async def broker_with(*messages: int) -> tuple[AsyncPubSub[int], Inbox[int]]:
    """Return a broker, and the inbox of a subscriber that has read none of the messages yet."""
    broker = AsyncPubSub[int](maxsize=10)
    inbox = broker.subscribe()
    for message in messages:
        await broker.publish(message)
    return broker, inbox


def now() -> float:
    """Return the time of the event loop, in seconds; on the virtual clock it begins at 0.0."""
    return asyncio.get_running_loop().time()
