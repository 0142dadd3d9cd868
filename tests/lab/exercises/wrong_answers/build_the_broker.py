"""Plausible wrong answers to the exercises of notebook 03, and what the check says to each."""

import asyncio
import contextlib

from pubsub_lib import AsyncPubSub, ChapterPubSub, Message


class OneQueueForAll(ChapterPubSub):
    async def subscribe(self):
        if not self.queues:
            await super().subscribe()
        return self.queues[0]


class NoBound(ChapterPubSub):
    async def subscribe(self):
        queue = asyncio.Queue()
        self.queues.append(queue)
        return queue


class ListInTheClass:
    queues = []  # noqa: RUF012

    def __init__(self, maxsize=100):
        self.maxsize = maxsize

    subscribe = ChapterPubSub.subscribe
    publish = ChapterPubSub.publish


class PutsWithoutWaiting(ChapterPubSub):
    async def publish(self, message):
        for queue in self.queues:
            queue.put_nowait(message)


class ForgetsToKeepTheQueue(ChapterPubSub):
    async def subscribe(self):
        return asyncio.Queue(self.maxsize)


class ToTheNextInTurn(ChapterPubSub):
    turn = 0

    async def publish(self, message):
        await self.queues[self.turn % len(self.queues)].put(message)
        self.turn += 1


class Counting(ChapterPubSub):
    def __init__(self, maxsize=100):
        super().__init__(maxsize)
        self.dropped = 0


class WaitsForEver(Counting):
    async def publish(self, message):
        for queue in self.queues:
            await queue.put(message)


class WaitsForNobody(Counting):
    async def publish(self, message):
        for queue in self.queues:
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self.dropped += 1


class CatchesTheWrongError(Counting):
    async def publish(self, message):
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
            except asyncio.QueueFull:
                self.dropped += 1


class GivesUpOnTheRest(Counting):
    async def publish(self, message):
        try:
            for queue in self.queues:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
        except TimeoutError:
            self.dropped += 1


class CountsNothing(Counting):
    async def publish(self, message):
        for queue in self.queues:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(queue.put(message), timeout=1.0)


class WithSubscriber(Counting):
    publish = GivesUpOnTheRest.publish

    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            handle(message)
            queue.task_done()


class PublishesTheSentinel(WithSubscriber):
    async def shutdown(self):
        await self.publish(None)


class MakesRoomForTheSentinel(WithSubscriber):
    async def shutdown(self):
        for queue in self.queues:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)


class HasNoRoomForTheSentinel(WithSubscriber):
    async def shutdown(self):
        for queue in self.queues:
            queue.put_nowait(None)


class HandlesTheSentinel(WithSubscriber):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while True:
            message = await queue.get()
            handle(message)
            queue.task_done()
            if message is None:
                break


class MarksNothing(WithSubscriber):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            handle(message)


class LooksAgainAndAgain(WithSubscriber):
    publish = Counting.publish
    shutdown = ChapterPubSub.shutdown

    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while True:
            if queue.empty():
                await asyncio.sleep(0.01)
                continue
            message = queue.get_nowait()
            if message is None:
                return
            handle(message)
            queue.task_done()


class StopsWhenTheQueueIsEmpty(LooksAgainAndAgain):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while not queue.empty():
            handle(queue.get_nowait())
            queue.task_done()


class ForgetsToAwaitThePut(ChapterPubSub):
    async def publish(self, message):
        for queue in self.queues:
            queue.put(message)


class ForgetsToAwaitTheSentinel(WithSubscriber):
    async def shutdown(self):
        for queue in self.queues:
            queue.put(None)


class Misspells(ChapterPubSub):
    async def publish(self, message):
        for queue in self.queue:
            await queue.put(message)


class TapThatAwaitsNothing:
    def __init__(self, broker):
        self.broker = broker
        self.seen = []

    async def subscribe(self):
        return self.broker.subscribe()

    async def publish(self, message):
        self.seen.append(message)
        return self.broker.publish(message)

    async def shutdown(self):
        return self.broker.shutdown()


class TapThatAwaitsOnlySubscribe(TapThatAwaitsNothing):
    async def subscribe(self):
        return await self.broker.subscribe()


class TapThatReturnsNothing(TapThatAwaitsNothing):
    async def subscribe(self):
        await self.broker.subscribe()


class TapThatForgetsToPublish(TapThatAwaitsOnlySubscribe):
    async def publish(self, message):
        self.seen.append(message)
        self.broker.publish(message)


class TapThatSeesNothing(TapThatAwaitsOnlySubscribe):
    async def publish(self, message):
        return await self.broker.publish(message)


class TapByInheritance(AsyncPubSub):
    def __init__(self, broker):
        super().__init__()
        self.seen = []

    async def publish(self, message):
        self.seen.append(message)
        return await super().publish(message)


class TapThatHoldsBack:
    def __init__(self, broker):
        self.broker = broker
        self.seen = []

    def subscribe(self):
        return self.broker.subscribe()

    async def publish(self, message):
        self.seen.append(message)

    async def shutdown(self):
        await self.broker.shutdown()


class TapWithoutShutdown:
    def __init__(self, broker):
        self.broker = broker
        self.seen = []

    def subscribe(self):
        return self.broker.subscribe()

    async def publish(self, message):
        self.seen.append(message)
        await self.broker.publish(message)


class LooksForRoom(ChapterPubSub):
    async def publish(self, message):
        for queue in self.queues:
            while queue.full():  # noqa: ASYNC110 - which is what is wrong with it
                await asyncio.sleep(0.1)
            queue.put_nowait(message)


class DropsTheOldest(Counting):
    async def publish(self, message):
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
            except TimeoutError:
                queue.get_nowait()
                queue.put_nowait(message)
                self.dropped += 1


class SleepsBeforeItTries(Counting):
    async def publish(self, message):
        for queue in self.queues:
            if queue.full():
                await asyncio.sleep(1.0)
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self.dropped += 1


class NotesThatSomeWereDropped(Counting):
    async def publish(self, message):
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
            except TimeoutError:
                self.dropped = 1


class StopsAtWhatCountsAsFalse(ChapterPubSub):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while message := await queue.get():
            handle(message)
            queue.task_done()


class PutsTheSentinelByTasks(ChapterPubSub):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            handle(message)
            queue.task_done()

    async def shutdown(self):
        for queue in self.queues:
            asyncio.create_task(queue.put(None))  # noqa: RUF006 - which is what is wrong with it


class TapThatKeepsTheAnswer(TapThatAwaitsOnlySubscribe):
    async def shutdown(self):
        return await self.broker.shutdown()

    async def publish(self, message):
        self.seen.append(message)
        await self.broker.publish(message)


class TapThatSeesEachMessageOnce(TapThatKeepsTheAnswer):
    async def publish(self, message):
        if message not in self.seen:
            self.seen.append(message)
        return await self.broker.publish(message)


class _Counting(ChapterPubSub):
    def __init__(self, maxsize=100):
        super().__init__(maxsize)
        self.dropped = 0


class _Stopping(ChapterPubSub):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            handle(message)
            queue.task_done()


class _Tap:
    def __init__(self, broker):
        self.broker = broker
        self.seen = []

    async def subscribe(self):
        return await self.broker.subscribe()

    async def publish(self, message):
        self.seen.append(message)
        return await self.broker.publish(message)

    async def shutdown(self):
        return await self.broker.shutdown()


class HasRoomForTwo:
    def __init__(self, maxsize=100):
        self.maxsize = maxsize
        self.queues = []

    async def subscribe(self):
        queue = asyncio.Queue(2)
        self.queues.append(queue)
        return queue

    async def publish(self, message):
        for queue in self.queues:
            await queue.put(message)


class LooksEachMillisecond(ChapterPubSub):
    async def publish(self, message):
        for queue in self.queues:
            while queue.full():  # noqa: ASYNC110 - the mistake
                await asyncio.sleep(0.001)
            queue.put_nowait(message)


class LooksOftenEnoughToHitIt(ChapterPubSub):
    async def publish(self, message):
        for queue in self.queues:
            while queue.full():  # noqa: ASYNC110 - the mistake
                await asyncio.sleep(0.0001)
            queue.put_nowait(message)


class LooksUntilTheSecondIsOver(_Counting):
    async def publish(self, message):
        loop = asyncio.get_running_loop()
        for queue in self.queues:
            end_s = loop.time() + 1.0
            while queue.full() and loop.time() < end_s:  # noqa: ASYNC110 - the mistake
                await asyncio.sleep(min(0.0001, end_s - loop.time()))
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self.dropped += 1


class LeavesThePutBehind(_Counting):
    async def publish(self, message):
        for queue in self.queues:
            put = asyncio.create_task(queue.put(message))
            finished, _ = await asyncio.wait([put], timeout=1.0)
            self.dropped += not finished


class CountsOncePerMessage(_Counting):
    async def publish(self, message):
        lost = False
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), 1.0)
            except TimeoutError:
                lost = True
        self.dropped += lost


class WaitsHalfAMinuteForTheEnd(_Stopping):
    async def shutdown(self):
        for queue in self.queues:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(queue.put(None), 30)


class LooksForRoomForTheEnd(_Stopping):
    async def shutdown(self):
        for queue in self.queues:
            while queue.full():  # noqa: ASYNC110 - the mistake
                await asyncio.sleep(1)
            queue.put_nowait(None)


class WakesUpEveryQuarterOfAnHour(_Stopping):
    async def run_subscriber(self, handle):
        queue, message = await self.subscribe(), ...
        while message is not None:
            try:
                message = await asyncio.wait_for(queue.get(), 900)
            except TimeoutError:
                continue
            if message is not None:
                handle(message)
                queue.task_done()

    async def shutdown(self):
        for queue in self.queues:
            await queue.put(None)


class HandlesNothingTwice(_Stopping):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        last = object()
        while (message := await queue.get()) is not None:
            if message != last:
                handle(message)
            last = message
            queue.task_done()

    async def shutdown(self):
        for queue in self.queues:
            await queue.put(None)


class TapWithOneQueueForAll(_Tap):
    queue = None

    async def subscribe(self):
        if self.queue is None:
            self.queue = await self.broker.subscribe()
        return self.queue


class TapThatHidesErrors(_Tap):
    async def publish(self, message):
        self.seen.append(message)
        with contextlib.suppress(Exception):
            return await self.broker.publish(message)


class TapThatIsImpatient(_Tap):
    async def publish(self, message):
        self.seen.append(message)
        return await asyncio.wait_for(self.broker.publish(message), 0.5)


class TapThatShutsDownInASecond(_Tap):
    async def shutdown(self):
        return await asyncio.wait_for(self.broker.shutdown(), 1)


class TapThatAsksForTheType(_Tap):
    async def publish(self, message):
        if isinstance(message, Message):
            self.seen.append(message)
        return await self.broker.publish(message)


class PutsByTasks(ChapterPubSub):
    async def publish(self, message):
        self.tasks = [asyncio.create_task(queue.put(message)) for queue in self.queues]


class KeepsThemByAnotherName:
    def __init__(self, maxsize=100):
        self.maxsize = maxsize
        self.subscribers = []

    async def subscribe(self):
        self.subscribers.append(asyncio.Queue(self.maxsize))
        return self.subscribers[-1]

    async def publish(self, message):
        for queue in self.subscribers:
            await queue.put(message)


class AwaitsHandle(ChapterPubSub):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            await handle(message)
            queue.task_done()


class GoesOnAfterTheEnd(ChapterPubSub):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while True:
            if (message := await queue.get()) is None:
                continue
            handle(message)
            queue.task_done()


class CallsItsArgumentByName:
    def __init__(self, broker):
        self.broker, self.seen = broker, []

    async def subscribe(self):
        return await self.broker.subscribe()

    async def publish(self, message):
        self.seen.append(message)
        return await self.broker.publish(message=message)

    async def shutdown(self):
        return await self.broker.shutdown()


class MarksBeforeItHandles(_Stopping):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            queue.task_done()
            handle(message)

    async def shutdown(self):
        for queue in self.queues:
            await queue.put(None)


class TapThatSeesTheEnd(_Tap):
    async def shutdown(self):
        self.seen.append(None)
        return await self.broker.shutdown()


WRONG_ANSWERS = [
    ("03.3", MarksBeforeItHandles, "is called before handle(message)"),
    ("03.4", TapThatSeesTheEnd, "after shutdown() seen is to hold what was published"),
    ("03.1", PutsByTasks, "only later; await the put"),
    ("03.1", KeepsThemByAnotherName, "the list of the subscribers' queues"),
    ("03.3", AwaitsHandle, "call it without `await`"),
    ("03.3", GoesOnAfterTheEnd, "return when it comes"),
    ("03.4", CallsItsArgumentByName, "unexpected keyword argument 'message'"),
    ("03.1", OneQueueForAll, "only one of them"),
    ("03.1", NoBound, "maxsize=2"),
    ("03.1", ListInTheClass, "in __init__"),
    ("03.1", PutsWithoutWaiting, "QueueFull"),
    ("03.1", ForgetsToKeepTheQueue, "the list of the subscribers' queues"),
    ("03.1", ToTheNextInTurn, "gets 'first'"),
    ("03.1", ForgetsToAwaitThePut, "`put()` is called without `await`"),
    ("03.1", Misspells, "in `for queue in self.queue:`"),
    ("03.1", LooksForRoom, "returns after 0.6 s"),
    ("03.2", ChapterPubSub, "keep count"),
    ("03.2", WaitsForEver, "comes to a stop"),
    ("03.2", WaitsForNobody, "takes 0 s"),
    ("03.2", CatchesTheWrongError, "raises TimeoutError"),
    ("03.2", GivesUpOnTheRest, "the subscriber behind it"),
    ("03.2", CountsNothing, "dropped is 0"),
    ("03.2", DropsTheOldest, "not one that is in the queue already"),
    ("03.2", SleepsBeforeItTries, "and no longer"),
    ("03.2", NotesThatSomeWereDropped, "2 messages in a row"),
    ("03.3", PublishesTheSentinel, "the one message that must arrive"),
    ("03.3", MakesRoomForTheSentinel, "the slow subscriber"),
    ("03.3", HasNoRoomForTheSentinel, "QueueFull"),
    ("03.3", HandlesTheSentinel, "None is not a message"),
    ("03.3", MarksNothing, "task_done()"),
    ("03.3", LooksAgainAndAgain, "waits until there is something"),
    ("03.3", StopsWhenTheQueueIsEmpty, "and not that nothing will come"),
    ("03.3", ForgetsToAwaitTheSentinel, "`put()` is called without `await`"),
    ("03.3", StopsAtWhatCountsAsFalse, "gets 'first'"),
    ("03.3", PutsTheSentinelByTasks, "await each put"),
    ("03.4", TapThatAwaitsNothing, "`return await self.broker.subscribe(...)`"),
    ("03.4", TapThatAwaitsOnlySubscribe, "`return await self.broker.publish(...)`"),
    ("03.4", TapThatForgetsToPublish, "`publish()` is called without `await`"),
    ("03.4", TapThatReturnsNothing, "returns None; return what the inner one does"),
    ("03.4", TapThatSeesNothing, "and holds nothing"),
    ("03.4", TapByInheritance, "do not inherit"),
    ("03.4", TapThatHoldsBack, "does not reach"),
    ("03.4", TapWithoutShutdown, "shutdown()"),
    ("03.4", TapThatKeepsTheAnswer, "the tap is to return"),
    ("03.4", TapThatSeesEachMessageOnce, "seen is to hold"),
    ("03.1", HasRoomForTwo, "have a maxsize of 100, and not 2"),
    ("03.1", LooksEachMillisecond, "and no longer"),
    ("03.1", LooksOftenEnoughToHitIt, "looks for room again and again"),
    ("03.2", LooksUntilTheSecondIsOver, "looks for room again and again"),
    ("03.2", LeavesThePutBehind, "cancel"),
    ("03.2", CountsOncePerMessage, "three subscribers miss the message, and dropped is 1"),
    ("03.3", WaitsHalfAMinuteForTheEnd, "however long it takes"),
    ("03.3", LooksForRoomForTheEnd, "looks for room again and again"),
    ("03.3", WakesUpEveryQuarterOfAnHour, "wakes up to look for one"),
    ("03.3", HandlesNothingTwice, "published twice"),
    ("03.4", TapWithOneQueueForAll, "ask the inner broker each time"),
    ("03.4", TapThatHidesErrors, "publish() raises, and the tap's does not"),
    ("03.4", TapThatIsImpatient, "and wait for its answer"),
    ("03.4", TapThatShutsDownInASecond, "and wait for its answer"),
    ("03.4", TapThatAsksForTheType, "seen is to hold"),
]
