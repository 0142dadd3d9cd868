"""A cursor of a subscriber who wants only some of the messages.

A ring stores a message for all, so it is the reader who passes over what is not wanted: the filter
runs in its task, and is asked about each message once, as it comes to it.

>>> import asyncio
>>> from pubsub_lib import RingPubSub
>>> async def main() -> list[int]:
...     async with RingPubSub[int]() as broker:
...         even = broker.subscribe(where=lambda number: number % 2 == 0)
...         for number in range(5):
...             await broker.publish(number)
...         even.shutdown()
...         return [number async for number in even]
>>> asyncio.run(main())
[0, 2, 4]
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, override

from pubsub_lib.in_process.cursor import Cursor
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import FILTER_ERRORS

if TYPE_CHECKING:
    from pubsub_lib.in_process.ring import Ring

LOOKS_AT_MOST = 100  #: times that a reader looks again, if to ask its filter lets it be overtaken


class FilteredCursor[T](Cursor[T]):
    """A cursor that passes over what its filter does not want."""

    __slots__ = ("_asking", "_where")

    def __init__(
        self,
        ring: "Ring[T]",
        home: HomeLoop,
        *,
        name: str,
        where: Callable[[T], object],
        replay: int,
    ) -> None:
        super().__init__(ring, home, name=name, where=where, replay=replay)
        self._where = where
        self._asking = False  # whether the filter is just running

    @override
    def ready(self) -> bool:
        while not self.missed:
            self._pass_over_the_unwanted()
            if self.index < len(self.log):
                return True
            if not self._ring.let_line_move():
                return self.missed > 0  # a filter may have let it be overtaken
        return True

    @override
    def take(self) -> T | None:
        return super().take() if self.ready() else None

    @override
    def take_in_hand(self) -> None:
        """Nothing: each message has to be looked at."""

    @override
    def take_all(self) -> list[T]:
        batch: list[T] = []
        # A filter may have done anything: even let this reader be overtaken, or read on.
        while self.ready() and not (batch and self.missed):
            message = super().take()
            assert message is not None
            batch.append(message)
        return batch

    @override
    def wants(self, message: T) -> bool:
        if self._asking:
            return True  # its loss is reported; a filter that publishes would be asked without end
        self._asking = True
        try:
            return bool(self._where(message))
        except FILTER_ERRORS:
            return True  # its loss is reported; an error that lasts is seen by the reader
        finally:
            self._asking = False

    def _pass_over_the_unwanted(self) -> None:
        discarded: object = None
        looks, asking = 0, self._asking
        try:
            while self.index < len(self.log):
                place, phase = self.deleted + self.index, self.phase
                self._asking = True
                wanted = bool(self._where(self.log[self.index]))
                self._asking = asking
                looks += 1
                if (self.deleted + self.index, self.phase) != (place, phase):
                    if looks == LOOKS_AT_MOST:
                        raise RuntimeError(
                            "the filter of this subscription publishes whenever it is asked, which "
                            "overtakes its own reader; let it only say what is wanted"
                        )
                    continue  # the filter has done more than to answer: look again
                looks = 0
                if wanted:
                    break
                self.unwanted += 1
                if not self.in_use:
                    self._ring.received_by_leavers -= 1
                self._move(1)
        except FILTER_ERRORS as error:
            self.fail(error)
            discarded = self.discard()
        finally:
            self._asking = asking
        if self.watchers and not self.behind:  # its depth would let in what nobody looked at
            self.notify_watchers()
        del discarded  # last: to free a message may run anything
