"""What to do when a subscriber's inbox is still full after the time that a publish may wait.

One rule covers every case: wait up to `timeout` seconds for room, then do what `overflow` says. So
`timeout=None` is backpressure, and `timeout=0` with `DROP_OLDEST` is a feed of the latest.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> list[str]:
...     prices = AsyncPubSub[str](maxsize=2, timeout=0, overflow=Overflow.DROP_OLDEST)
...     async with prices, prices.subscribe() as inbox:
...         for price in ("9.97", "9.98", "9.99"):
...             await prices.publish(price)
...         return [await inbox.get(), await inbox.get()]
>>> asyncio.run(main())
['9.98', '9.99']
"""

from enum import Enum


class Overflow(Enum):
    """What happens to a message that finds no room."""

    DROP_NEWEST = "drop newest"  #: the subscriber misses this message
    DROP_OLDEST = "drop oldest"  #: the subscriber misses its oldest message, and gets this one
    DISCONNECT = "disconnect"  #: the subscription is closed; its reader gets what it has, then ends
    RAISE = "raise"  #: the subscriber misses this message, and `publish` raises `PubSubFull`
