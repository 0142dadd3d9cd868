"""All inboxes of a broker: who wants a message, and to put it in wherever there is room.

Who subscribed by a pattern of subjects is found in a tree, so a message costs what those cost who
want it. Only other filters are asked, each about every message.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.subjects import Published, subject_filter
>>> async def main() -> None:
...     async with AsyncPubSub[Published[int]]() as broker:
...         inboxes = [broker.subscribe(where=subject_filter(f"a.{n}")) for n in range(10_000)]
...         print(await broker.publish(Published("a.7", 1)))
...         for inbox in inboxes:
...             inbox.close()
>>> asyncio.run(main())
Delivery(delivered=1, missed_by=())
"""

from collections.abc import Sequence
from typing import override

from pubsub_lib.in_process.inbox import InboxState
from pubsub_lib.in_process.inbox_line import WaitingPublish
from pubsub_lib.in_process.nesting import Nesting
from pubsub_lib.in_process.subject_tree import SubjectTree
from pubsub_lib.in_process.subscribers import InOrder, Subscribers
from pubsub_lib.reports import Delivery
from pubsub_lib.subjects import SubjectFilter, is_published

type Wanted[T] = tuple[InboxState[T], Sequence[T], Sequence[int], BaseException | None]
"""A subscriber, what it wants of several messages, which of them those are, and what its filter
raised on the next."""


class Inboxes[T](Subscribers[InboxState[T]]):
    """The inboxes of all subscribers, to which a message is given at once.

    Attributes:
        asking: bounds what code of others publishes while it is asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asking = Nesting()
        self._by_subject: SubjectTree[InboxState[T]] = SubjectTree()
        self._others: InOrder[InboxState[T]] = InOrder()

    @override
    def join(self, state: InboxState[T]) -> None:
        super().join(state)
        if isinstance(state.where, SubjectFilter):
            self._by_subject.add(state.where.pattern, state)
        else:
            self._others.add(state)

    @override
    def leave(self, state: InboxState[T]) -> None:
        if state in self._members:
            if isinstance(state.where, SubjectFilter):
                self._by_subject.remove(state.where.pattern, state)
            else:
                self._others.remove(state)
        super().leave(state)

    def offer(self, message: T) -> tuple[Delivery, list[InboxState[T]]]:
        """Put the message where there is room; return to how many it goes, and who is full."""
        if self.filters:
            states = self._wanting(message)
            wanted_by = Delivery(len(states))
        else:
            states, wanted_by = self._members.snapshot, self.everybody
        self.accepted += 1
        return wanted_by, [state for state in states if not state.offer(message)]

    def wanting(self, message: T) -> list[InboxState[T]]:
        """Return who wants the message, in the order of subscribing."""
        return self._wanting(message) if self.filters else self.states

    def _wanting(self, message: T) -> list[InboxState[T]]:
        with self.asking:
            takers = self._takers(message)  # first, because a filter may let anybody come or go
            wanting = [state for state in self._others.snapshot if state.wants(message)]
        # Again, because a filter may have closed any of them.
        still_in_use = [state for state in takers + wanting if state.in_use]
        return self._members.in_order(still_in_use) if takers else still_in_use

    def _takers(self, message: T) -> list[InboxState[T]]:
        """Return those who asked for the subject of the message, if it has one."""
        return self._by_subject.takers(message.subject) if is_published(message) else []

    def offer_many(self, messages: Sequence[T]) -> tuple[int, WaitingPublish[T]]:
        """Put the messages where there is room; return how many got in, and what waits for it."""
        delivered = 0
        waiting: WaitingPublish[T] = WaitingPublish()
        wanted_by = self._wanted(messages)
        self.accepted += len(messages)
        for state, wanted, numbers, error in wanted_by:
            count = state.offer_some(wanted)
            delivered += count
            if count:
                waiting.furthest = max(waiting.furthest, numbers[count - 1] + 1)
            if error is not None:
                state.fail(error)
            elif count < len(wanted):
                waiting.line_up(state, wanted, numbers, count)
        return delivered, waiting

    def _wanted(self, messages: Sequence[T]) -> list[Wanted[T]]:
        """Return for each subscriber the messages that it wants, and which of all those are."""
        everything = range(len(messages))
        if not self.filters:
            return [(state, messages, everything, None) for state in self.states]
        by_subject: dict[InboxState[T], list[int]] = {}
        for number, message in enumerate(messages):
            for state in self._takers(message):
                by_subject.setdefault(state, []).append(number)
        wanted: dict[InboxState[T], tuple[Sequence[int], BaseException | None]] = {
            state: (numbers, None) for state, numbers in by_subject.items()
        }
        with self.asking:
            for state in self._others.snapshot:
                wanted[state] = state.wanted_of(messages)
        # Only now, because a filter may have closed any of them.
        still_in_use = [state for state in wanted if state.in_use]
        return [
            (state, [messages[number] for number in numbers], numbers, error)
            for state in (self._members.in_order(still_in_use) if by_subject else still_in_use)
            for numbers, error in [wanted[state]]
        ]
