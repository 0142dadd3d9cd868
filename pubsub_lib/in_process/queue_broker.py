"""The broker: an inbox per subscriber, and one deadline per publish (notebooks 03, 05 to 08).

A publish gives the message to every inbox that has room, at once. Only where an inbox is full does
it wait, for all full inboxes together and up to `timeout` seconds in all; for those that are still
full then, `overflow` decides. So a dead subscriber delays the publisher once, by a bounded time,
and the other subscribers not at all: who was waited for in vain is not waited for again until it
has read.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub, Message
>>> async def main() -> None:
...     async with AsyncPubSub[Message](maxsize=1, timeout=0.01) as broker:
...         inbox = await broker.subscribe(name="ada")
...         print(await broker.publish(Message("hello")))
...         print(await broker.publish(Message("nobody has read the first one")))
...         print(await inbox.get())
...         inbox.task_done()
>>> asyncio.run(main())
Delivery(delivered=1, missed_by=())
Delivery(delivered=0, missed_by=(<Inbox 'ada' 1 of 1>,))
Message(content='hello')
"""

import asyncio
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Any, override

from pubsub_lib.arguments import (
    UNSET,
    Unset,
    answers_at_once,
    checked_maxsize,
    checked_timeout,
    checked_whole_number,
)
from pubsub_lib.errors import PubSubFull, carry
from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.in_process.history import History, LatestOfEach
from pubsub_lib.in_process.inbox import Inbox, InboxState
from pubsub_lib.in_process.inbox_line import WaitingPublish
from pubsub_lib.in_process.inboxes import Inboxes
from pubsub_lib.in_process.subscribers import held, other_ends
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import Deliveries, Delivery, Missed

type Where[T] = Callable[[T], object]


class AsyncPubSub[T](BaseBroker[T, InboxState[T]]):
    """Gives every message to every subscriber, and no subscriber's trouble to the others.

    Args:
        maxsize: the bound of each inbox, in messages; at least 1.
        timeout: how long one publish may wait for full inboxes in all, in seconds. `None` waits for
            ever, which is backpressure; 0 waits for nobody, but lets the subscribers run once
            before it drops anything.
        overflow: what to do where an inbox is still full then.
        history: how many of the last messages to keep, for `subscribe(replay=...)`.
        key: says what a message is about, if only the latest of that is to be kept: `history` is
            the number of keys then, and the one updated longest ago goes first. It runs in the
            publisher's task; if it raises, so does the publish, and nothing is published.

    Attributes:
        maxsize, timeout, overflow, history: as given.
        queues: the open inboxes, in the order in which they were subscribed.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if `maxsize` is under 1, `timeout` is negative or not finite, `history` is
            negative, or 0 beside a `key`.
    """

    _subscribers: Inboxes[T]

    def __init__(
        self,
        maxsize: int = 100,
        *,
        timeout: float | None = 1.0,
        overflow: Overflow = Overflow.DROP_NEWEST,
        history: int = 0,
        key: Callable[[T], Hashable] | None = None,
    ) -> None:
        self.overflow = _checked_overflow(overflow)
        self.history = _checked_history(history, key)
        self._history: History[T] | None = None
        if history:
            self._history = History(history) if key is None else LatestOfEach(history, key=key)
        inboxes: Inboxes[T] = Inboxes()
        super().__init__(maxsize, timeout, inboxes)  # last, since there is a broker then

    @property
    def queues(self) -> list[Inbox[T]]:
        """The open inboxes, in the order in which they were subscribed."""
        return held(self._subscribers.states)

    def subscribe(
        self,
        *,
        name: str = "",
        where: Where[T] | None = None,
        maxsize: int | None = None,
        timeout: float | Unset | None = UNSET,
        overflow: Overflow | None = None,
        replay: int = 0,
    ) -> Inbox[T]:
        """Return an inbox of the subscriber's own that receives every later message.

        It may be awaited or entered: `queue = await broker.subscribe()`, `async with
        broker.subscribe() as inbox`.

        Args:
            name: what reports call it.
            where: says whether a message is wanted; others do not count as published for this
                subscriber. It runs in the publisher's task. If it raises, the subscription is
                closed, and the reader gets the exception.
            maxsize: the bound of this inbox, if it is to differ from the broker's.
            timeout: how long a publish may wait for this inbox, if not as long as for others.
            overflow: what to do if it is still full then, if not the same as for others.
            replay: how many of the last messages to receive first, as far as there were so many,
                and they are wanted. They count as received, but not as published again.

        Raises:
            PubSubClosed: if the broker was shut down.
            TypeError: if an argument is of the wrong type.
            ValueError: if `maxsize` is under 1, `timeout` is negative or not finite, or `replay` is
                negative, or more than the history or the inbox holds.
            RuntimeError: if a filter subscribes whenever it is asked about what is replayed.
        """
        self._check_subscriber(where)
        state = self._make_state(
            name=name,
            where=where,
            maxsize=self.maxsize if maxsize is None else checked_maxsize(maxsize),
            timeout=self.timeout if timeout is UNSET else checked_timeout(timeout),
            overflow=self.overflow if overflow is None else _checked_overflow(overflow),
        )
        replay = self._checked_replay(replay, state.maxsize)
        kept = self._history.last(replay) if self._history is not None else []
        with self._subscribers.asking:
            self._subscribers.join(state)
            inbox: Inbox[T] = state.own_end()
            state.replay(kept)  # last: it asks the filter, which may do anything
        return inbox

    def _checked_replay(self, replay: int, maxsize: int) -> int:
        return checked_whole_number(
            "replay",
            replay,
            unit="messages",
            least=0,
            most=min(self.history, maxsize),
            because="the broker keeps no more, make it with a longer `history`"
            if self.history <= maxsize
            else "the inbox holds no more, give it a larger `maxsize`",
        )

    def _make_state(
        self,
        *,
        name: str,
        where: Where[T] | None,
        maxsize: int,
        timeout: float | None,
        overflow: Overflow,
    ) -> InboxState[T]:
        """Return what the broker holds of a subscriber. Its settings were checked."""
        return InboxState(
            self._subscribers,
            self._home,
            name=name,
            where=where,
            maxsize=maxsize,
            timeout=timeout,
            overflow=overflow,
        )

    async def publish(self, message: T) -> Delivery:
        """Give the message to every subscriber; wait for full inboxes up to `timeout` seconds in
        all, then do as `overflow` says.

        A subscriber for which a publish has waited in vain is not waited for again until it has
        read. Cancelling it withdraws the message from the inboxes that are still full, and counts
        it as dropped there; `delivered_before` tells what the error knows of the others.

        Raises:
            TypeError: if the message is `None`, which would end the readers.
            PubSubClosed: if the broker was shut down.
            Exception: whatever the broker's `key` raises.
            PubSubFull: if a subscriber with `Overflow.RAISE` had no room. The others have got it.
            RuntimeError: if the broker was first used on another event loop, or a filter or `key`
                publishes whenever it is asked.
        """
        loop = self._check_message(message)
        _freed_last = self._history and self._keep((message,))
        wanted_by, full = self._subscribers.offer(message)
        if not full:
            return wanted_by
        waiting = WaitingPublish.of_one(message, full)
        delivered = wanted_by.delivered - len(full)
        try:
            await waiting.settle(loop)
        except asyncio.CancelledError as cancelled:
            carry(cancelled, _delivery(delivered, waiting))
            raise
        return _unless_refused(_delivery(delivered, waiting), waiting)

    @override
    async def publish_many(self, messages: Iterable[T]) -> Deliveries:
        """Give all these messages, in order, to every subscriber, and wake each reader once.

        Each is delivered, dropped or missed as if it were published alone, but the time-out is that
        of the whole call, however many there are: after it, only those are waited for who take
        messages at every turn of the event loop. There may be more messages than the bound.

        Cancelling it withdraws the messages that nobody has got or missed yet, which then do not
        count as published; `delivered_before` tells what the error knows of the others. Where there
        is a history all are in it at once, and none is withdrawn: who did not get it, misses it.

        Args:
            messages: what to publish. It is read to its end first; if that raises, or one of them
                is `None`, nothing is published.

        Raises:
            TypeError: if `messages` is no iterable of messages, or has a `None` in it.
            PubSubClosed, RuntimeError, Exception: as `publish`.
            PubSubFull: if a subscriber with `Overflow.RAISE` had no room for some of them. It has
                got those before, and the others all of them.
        """
        listed = self._checked_messages(messages)
        _freed_last = self._history and self._keep(listed)
        subscribers = self._subscribers
        delivered, waiting = subscribers.offer_many(listed)
        published = len(listed)
        if self._history:
            waiting.furthest = published  # since newcomers may have them
        try:
            if waiting.waits:
                await waiting.settle(self._home.check())
        except BaseException as ended:  # cancelled, or whatever else a coroutine is ended by
            subscribers.accepted -= published - waiting.furthest
            carry(ended, _deliveries(waiting.furthest, delivered, waiting))
            raise
        return _unless_refused(_deliveries(published, delivered, waiting), waiting)

    @override
    def publish_nowait(self, message: T) -> Delivery:
        """Give the message to every subscriber, and do as `overflow` says where there is no room.

        Raises:
            TypeError, PubSubClosed, PubSubFull, RuntimeError, Exception: as `publish`.
        """
        self._check_message(message)
        _freed_last = self._history and self._keep((message,))
        wanted_by, full = self._subscribers.offer(message)
        if not full:
            return wanted_by
        waiting = WaitingPublish.of_one(message, full)
        waiting.overflow()
        return _unless_refused(_delivery(wanted_by.delivered - len(full), waiting), waiting)

    def _keep(self, messages: Collection[T]) -> list[T]:
        """Keep these in the history, and return those that had to go, to be held to the end."""
        assert self._history is not None
        self._subscribers.asking.check()  # first, so that nothing is kept which is refused
        return self._history.keep(messages)

    def _release_publishers(self) -> None:
        for state in self._subscribers.states:
            state.release_line()


def _delivery(delivered: int, waiting: WaitingPublish[Any]) -> Delivery:
    return Delivery(delivered + waiting.delivered, other_ends(state for _, state in waiting.missed))


def _deliveries(published: int, delivered: int, waiting: WaitingPublish[Any]) -> Deliveries:
    missed = (Missed(number, state.end(own=False)) for number, state in waiting.missed)
    return Deliveries(published, delivered + waiting.delivered, tuple(missed))


def _unless_refused[D: (Delivery, Deliveries)](report: D, waiting: WaitingPublish[Any]) -> D:
    if waiting.refused:
        raise PubSubFull(report)
    return report


def _checked_overflow(overflow: Overflow) -> Overflow:
    if not isinstance(overflow, Overflow):
        choices = ", ".join(str(choice) for choice in Overflow)
        raise TypeError(f"overflow is one of {choices}, not {overflow!r}")
    return overflow


def _checked_history[T](history: int, key: Callable[[T], Hashable] | None) -> int:
    history = checked_whole_number("history", history, unit="messages", least=0)
    if key is None:
        return history
    if not answers_at_once(key):
        raise TypeError(f"key is a function that says at once what a message is about, not {key!r}")
    if not history:
        raise ValueError("a key is for the history; say by history= how many keys to keep")
    return history
