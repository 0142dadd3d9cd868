"""Programs to film, and what is asked of a film."""

import asyncio
from collections import Counter

from pubsub_lib.lab.replay.events import ChangeKind, FilmRecording


async def publish(broker, messages, every_s: float = 0.1, *, shut_down: bool = True) -> None:
    for message in messages:
        await broker.publish(message)
        await asyncio.sleep(every_s)
    if shut_down:
        await broker.shutdown()


async def read(queue, seconds: float = 0.0) -> list:
    got = []
    while (message := await queue.get()) is not None:
        got.append(message)
        await asyncio.sleep(seconds)
        queue.task_done()
    return got


async def one_reader(broker, messages, *, seconds: float = 0.0, every_s: float = 0.1) -> list:
    queue = await broker.subscribe()
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(read(queue, seconds), name="reader")
        group.create_task(publish(broker, messages, every_s), name="publisher")
    return reader.result()


class OwnPubSub:
    """A broker as a learner writes it: queues in a list, and no word of films."""

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.members: list[asyncio.Queue] = []

    async def subscribe(self) -> asyncio.Queue:
        queue = asyncio.Queue(self.maxsize)
        self.members.append(queue)
        return queue

    async def publish(self, message) -> None:
        for queue in self.members:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)

    async def shutdown(self) -> None:
        for queue in self.members:
            await queue.put(None)


def changes(recording: FilmRecording) -> list[tuple]:
    return [change for picture in recording.pictures for change in picture.changes]


def of_kind(recording: FilmRecording, *kinds: ChangeKind) -> list[tuple]:
    return [change for change in changes(recording) if change[0] in kinds]


def fates(recording: FilmRecording, queue: int) -> Counter:
    """Return how often each kind of change befell the messages of a queue."""
    kinds = (ChangeKind.ENTER, ChangeKind.TAKE, ChangeKind.HANDLE, ChangeKind.DROP)
    return Counter(kind for kind, number, *_ in of_kind(recording, *kinds) if number == queue)


def story(recording: FilmRecording) -> list[str]:
    """Return what happens to messages, in short words."""
    names = [queue.name for queue in recording.queues]
    lines = []
    for kind, *numbers in changes(recording):
        match kind:
            case ChangeKind.PUBLISH:
                lines.append(f"{recording.tasks[numbers[0]]} publishes {numbers[1]}")
            case ChangeKind.ENTER | ChangeKind.TAKE | ChangeKind.HANDLE | ChangeKind.DROP:
                lines.append(f"{names[numbers[0]]} {kind.name.lower()} {numbers[1]}")
            case ChangeKind.WAIT if len(numbers) > 1:
                lines.append(f"{numbers[0]} waits for {', '.join(names[n] for n in numbers[1:])}")
    return lines
