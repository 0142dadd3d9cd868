"""A shutdown is told once, with all that is a part of it."""

import asyncio

from pubsub_lib import AsyncPubSub
from pubsub_lib.lab.replay.events import ChangeKind
from tests.lab.replay.programs import OwnPubSub, publish
from tests.lab.replay.test_watching import recording_of

TOLD_ONCE = ["shutdown() begins", "shutdown() is over"]


def told(coroutine) -> list[str]:
    recording = recording_of(coroutine)
    return [recording.texts[text] for _, text in recording.changes(ChangeKind.NOTE)]


def test_a_shutdown_after_the_shutdown_is_not_told():
    async def main() -> None:
        async with AsyncPubSub(maxsize=2) as broker:
            await publish(broker, ["a"])

    assert told(main()) == TOLD_ONCE


def test_a_shutdown_within_a_shutdown_is_not_told():
    class Around(OwnPubSub):
        def __init__(self, inner: AsyncPubSub) -> None:
            super().__init__(2)
            self.inner = inner

        async def shutdown(self) -> None:
            await self.inner.shutdown()
            await super().shutdown()

    assert told(Around(AsyncPubSub(maxsize=2)).shutdown()) == TOLD_ONCE


def test_a_shutdown_after_one_that_failed_is_told():
    class FailsOnce(OwnPubSub):
        failed = False

        async def shutdown(self) -> None:
            if not self.failed:
                self.failed = True
                raise RuntimeError("not yet")

    async def main() -> None:
        broker = FailsOnce(2)
        await asyncio.gather(broker.shutdown(), return_exceptions=True)
        await broker.shutdown()

    assert told(main()) == TOLD_ONCE * 2


def test_two_brokers_that_shut_down_at_once_are_two_shutdowns():
    async def main() -> None:
        brokers = [AsyncPubSub(maxsize=2), AsyncPubSub(maxsize=2)]
        for broker in brokers:
            broker.subscribe()
        async with asyncio.TaskGroup() as group:
            for broker in brokers:
                group.create_task(broker.shutdown())

    assert sorted(told(main())) == sorted(TOLD_ONCE * 2)
