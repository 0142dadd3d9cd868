"""A process that handles orders: `subscriber.py KIND URL SUBJECT NAME JOURNAL TROUBLE OPTIONS`.

Its journal is a database that outlives it: every delivery in the order of coming, and the effects,
where an order is known again by its identity and counts once. The trouble is `none`, or comes when
it has handled 100 orders and before it acknowledges the last of them:

- `hang`: it says `hanging`, to be killed.
- `block`: it holds up its event loop until the server must have delivered orders again.
- `stall`: it says `stalled`, and goes on when it is told `go on`.

It is told `flush`, and says `flushed`; `pause`, and says how long nothing came in between two
messages; `count`, and says what it has counted; and `stop`, and says
that for the last time.
"""

import asyncio
import json
import math
import sqlite3
import sys
import time
from typing import Any

from orders import Order, lines, say

from pubsub_lib.nats import JetStreamPubSub, NatsError, NatsPubSub

TROUBLE_AFTER = 100
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS deliveries (publisher TEXT, number INTEGER);
CREATE TABLE IF NOT EXISTS effects (publisher TEXT, number INTEGER, UNIQUE (publisher, number));
"""


def ignored(error: NatsError) -> None:
    """The counts say the same."""


class Journal:
    """What this process has seen and done."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path)
        self.database.executescript(SCHEMA)

    def handle(self, orders: list[Order]) -> None:
        """Have the effects of these orders, of each once for ever."""
        rows = [(order.publisher, order.number) for order in orders]
        with self.database:
            self.database.executemany("INSERT INTO deliveries VALUES (?, ?)", rows)
            self.database.executemany("INSERT OR IGNORE INTO effects VALUES (?, ?)", rows)


async def main(
    kind: str, url: str, subject: str, name: str, path: str, trouble: str, options: str
) -> None:
    settings: dict[str, Any] = json.loads(options)
    broker: Any
    if kind == "jetstream":
        broker = JetStreamPubSub(subject, Order, url=url, on_error=ignored, **settings)
    else:
        broker = NatsPubSub(subject, Order, url=url, timeout=None, on_error=ignored, **settings)
    journal = Journal(path)
    go_on = asyncio.Event()
    handled = 0
    longest_pause, last_read = 0.0, math.inf

    async def have_trouble() -> None:
        match trouble:
            case "hang":
                say("hanging")
                await asyncio.Event().wait()
            case "block":
                time.sleep(3 * settings["ack_wait"])  # noqa: ASYNC251 - to hold it up is the point
            case "stall":
                say("stalled")
                await go_on.wait()

    async def read(inbox: Any) -> None:
        nonlocal handled, longest_pause, last_read
        in_trouble = False
        async for orders in inbox.batches():
            longest_pause = max(longest_pause, time.monotonic() - last_read)
            last_read = time.monotonic()
            journal.handle(orders)
            handled += len(orders)
            if handled >= TROUBLE_AFTER and not in_trouble:
                in_trouble = True
                await have_trouble()

    def say_counts() -> None:
        counts = {"received": inbox.stats.received, "dropped": inbox.stats.dropped}
        if kind == "jetstream":
            counts["redelivered"] = broker.network.redelivered
        say(json.dumps(counts))

    async with broker:
        inbox = await broker.subscribe(name=name)
        reading = asyncio.create_task(read(inbox))
        say("ready")
        async for line in lines():
            match line:
                case "flush":
                    await broker.flush()
                    say("flushed")
                case "count":
                    say_counts()
                case "pause":
                    say(json.dumps({"longest_pause_ms": round(longest_pause * 1000)}))
                case "go on":
                    go_on.set()
                case _:
                    break
        await broker.shutdown()
        await reading
    say_counts()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
