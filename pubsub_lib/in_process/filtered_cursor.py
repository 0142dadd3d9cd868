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

from pubsub_lib.arguments import truth_of
from pubsub_lib.in_process.cursor import Cursor
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import FILTER_ERRORS

if TYPE_CHECKING:
    from pubsub_lib.in_process.ring import Ring

#: Times in a row, in one read, that a filter may publish as it is asked about what came meanwhile.
LOOKS_AT_MOST = 100


class FilteredCursor[T](Cursor[T]):
    """A cursor that passes over what its filter does not want."""

    __slots__ = ("_asking", "_end", "_looks", "_put_aside", "_where")

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
        self._end = 0  # of what was there when a read began, among all that was ever stored
        self._looks = 0  # in a row, after that, in which the filter has published
        self._put_aside: list[T] = []  # what was taken for a batch that an interrupt ended

    @property
    @override
    def depth(self) -> int:
        return super().depth + len(self._put_aside)

    @override
    def ready(self) -> bool:
        self._begin_to_read()
        return bool(self._put_aside) or self._finds_one()

    def _begin_to_read(self) -> None:
        if not self._asking:
            self._end = self.deleted + len(self.log)
            self._looks = 0

    def _finds_one(self) -> bool:
        """Whether a message that is wanted comes next, or it is to be told that it missed some."""
        while not self.missed:
            self._pass_over_the_unwanted()
            if self.index < len(self.log):
                return True
            if not self._ring.let_line_move():
                return self.missed > 0  # a filter may have let it be overtaken
        return True

    @override
    def take(self) -> T | None:
        if self._put_aside:
            return self._put_aside.pop(0)
        return super().take() if self.ready() else None

    @override
    def take_in_hand(self) -> None:
        """Nothing: each message has to be looked at."""

    @override
    def take_all(self) -> list[T]:
        batch, self._put_aside = self._put_aside, []
        self._begin_to_read()
        try:
            # A filter may have done anything: even let this reader be overtaken, or read on.
            while self._finds_one() and not (batch and self.missed):
                message = super().take()
                assert message is not None
                batch.append(message)
        except BaseException:
            if batch:  # else this reader was told what it missed, which wakes nobody else
                self._put_aside = batch
                self.wake_reader()
            raise
        return batch

    @override
    def discard(self) -> object:
        put_aside, self._put_aside = self._put_aside, []
        return put_aside, super().discard()

    @override
    def wants(self, message: T) -> bool:
        if self._asking:
            return True  # its loss is reported; a filter that publishes would be asked without end
        self._asking = True
        try:
            return truth_of(self._where(message))
        except FILTER_ERRORS:
            return True  # its loss is reported; an error that lasts is seen by the reader
        except BaseException as interrupt:
            # Whoever asks has others' work to finish, so it ends the event loop a turn later.
            if not self.home.at_next_turn(raise_again, interrupt):
                raise
            return True
        finally:
            self._asking = False

    def _note_published(self, place: int) -> None:
        """Note that the filter has published as it was asked about the message there."""
        if place >= self._end:
            self._looks += 1
        if self._looks == LOOKS_AT_MOST:
            raise RuntimeError(
                "the filter of this subscription publishes whenever it is asked, so that its "
                "reader never comes to an end; let it only say what is wanted"
            )

    def _pass_over_the_unwanted(self) -> None:
        discarded: object = None
        asking = self._asking
        try:
            while self.index < len(self.log):
                log, line, phase = self.log, self._ring.line, self.phase
                index, deleted = self.index, self.deleted
                stored, lined_up = len(log), len(line)
                self._asking = True
                answer = self._where(log[index])
                wanted = answer if answer is True or answer is False else truth_of(answer)
                self._asking = asking
                if len(log) != stored or len(line) > lined_up or self.deleted != deleted:
                    self._note_published(deleted + index)
                else:
                    self._looks = 0
                if self.deleted + self.index != deleted + index or self.phase is not phase:
                    continue  # the filter has done more than to answer: look again
                if wanted:
                    break
                self.unwanted += 1
                if not self.in_use:
                    self._ring.received_by_leavers -= 1
                self._move(1)
        except FILTER_ERRORS as error:
            self.fail(error)
            discarded = self.discard()
        except BaseException:
            self.wake_reader()  # this one goes, and nobody else was woken for the message
            raise
        finally:
            self._asking = asking
        if self.watchers and not self.behind:  # its depth would let in what nobody looked at
            self.notify_watchers()
        del discarded  # last: to free a message may run anything


def raise_again(interrupt: BaseException) -> None:
    """Let an interrupt go on on its way out of the event loop."""
    raise interrupt
