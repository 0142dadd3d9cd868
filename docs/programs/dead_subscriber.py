# One of two subscribers has stopped reading. What does that cost the other one?
import asyncio

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.replay import film


async def read(inbox):
    while True:
        await inbox.get()
        inbox.task_done()


async def main(broker):
    dead = await broker.subscribe()  # and nobody reads it
    reader = asyncio.create_task(read(await broker.subscribe()), name="reader")
    for number in range(1, 7):
        await broker.publish(number)
    await asyncio.sleep(0)
    reader.cancel()
    return dead


# Change it: another bound, another time-out, a third subscriber.
film(
    {
        "the chapter's broker": main(ChapterPubSub(maxsize=2)),
        "AsyncPubSub": main(AsyncPubSub(maxsize=2, timeout=1.0)),
    },
    title="One dead subscriber",
)
