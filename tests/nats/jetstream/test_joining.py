"""Joining while others publish: what comes in before the server's answer is no loss."""

import asyncio

from tests.nats.observing import eventually, soon, take


async def test_what_comes_in_before_the_answer_to_joining_is_read_and_nothing_counts_as_dropped(
    broker, another, monkeypatch
):
    await another.publish_many(range(3))  # nobody reads yet
    made, may_be_told = asyncio.Event(), asyncio.Event()
    ask = broker._stream.ask

    async def answer_late(request):
        answer = await ask(request)
        made.set()
        await may_be_told.wait()
        return answer

    monkeypatch.setattr(broker._stream, "ask", answer_late)
    inbox = broker.subscribe()
    joining = asyncio.create_task(soon(inbox.__aenter__()))
    await soon(made.wait())
    await another.publish_many(range(3, 6))
    await eventually(lambda: inbox.qsize() == 3)
    may_be_told.set()
    await joining
    assert await take(inbox, 3) == [3, 4, 5]
    await soon(broker.flush())
    assert inbox.stats.dropped == 0
    inbox.close()
