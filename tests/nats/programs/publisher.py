"""A process that publishes orders when it is told to: `publisher.py KIND URL SUBJECT NAME OPTIONS`.

It is told `publish COUNT`, and says `half` and `published`; `publish_many COUNT`, and says
`published`; `flush`, and says `flushed`; `count`,
and says what it has counted; and `stop`, and says that for the last time.
"""

import asyncio
import json
import sys
from typing import Any

from orders import Order, lines, say

from pubsub_lib.nats import JetStreamPubSub, NatsError, NatsPubSub

TASKS = 100


def ignored(error: NatsError) -> None:
    """The counts say the same."""


async def main(kind: str, url: str, subject: str, name: str, options: str) -> None:
    settings: dict[str, Any] = json.loads(options)
    broker: JetStreamPubSub[Order] | NatsPubSub[Order]
    if kind == "jetstream":
        broker = JetStreamPubSub(subject, Order, url=url, on_error=ignored, **settings)
    else:
        broker = NatsPubSub(subject, Order, url=url, on_error=ignored, **settings)
    published = 0

    async def publish(count: int) -> None:
        nonlocal published
        numbers = iter(range(published, published + count))
        half, published = published + count // 2, published + count

        async def publish_some() -> None:
            for number in numbers:
                await broker.publish(Order(name, number))
                if number == half:
                    say("half")

        async with asyncio.TaskGroup() as tasks:
            for _ in range(TASKS if kind == "jetstream" else 1):
                tasks.create_task(publish_some())

    async def publish_many(count: int) -> None:
        nonlocal published
        numbers, published = range(published, published + count), published + count
        await broker.publish_many(Order(name, number) for number in numbers)

    def say_counts() -> None:
        say(json.dumps({"published": broker.stats.published}))

    async with broker:
        say("ready")
        async for line in lines():
            match line.split():
                case ["publish", count]:
                    await publish(int(count))
                    say("published")
                case ["publish_many", count]:
                    await publish_many(int(count))
                    say("published")
                case ["flush"]:
                    await broker.flush()
                    say("flushed")
                case ["count"]:
                    say_counts()
                case _:
                    break
    say_counts()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
