"""What became of a subscription's messages, as the server is told.

A message was handled, or is at work, or is to be delivered again: at once if nobody has tried it,
later if that has failed. After its last try it is given up, and set aside as a dead letter.

>>> Outcomes.retry.__doc__.partition(":")[0]
'Ask the server to deliver these again, later each time'
"""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

from nats.aio.msg import Msg

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.errors import MessageSetAside, MessagesLost
from pubsub_lib.nats.jetstream.envelopes import Envelopes
from pubsub_lib.nats.jetstream.position import numbers_of
from pubsub_lib.nats.jetstream.progress import TIMES_IN_ACK_WAIT, Progress
from pubsub_lib.nats.jetstream.redelivery import Redelivery
from pubsub_lib.nats.jetstream.replies import Reply
from pubsub_lib.nats.jetstream.stream import Stream

# Stores a message with a reason and the name of its subscription; returns whether that was done.
type SetAside = Callable[[Msg, str, str], Coroutine[Any, Any, bool]]

# Why a message is given up at its first failure.
NO_LONGER_THERE = "the server no longer has it, so it is not tried again"


class Outcomes:
    """Tells the server what became of the messages of one subscription.

    Args:
        stream: where they come from.
        home: the event loop that it belongs to.
        envelopes: what waits for its reader, and what is taken and not acknowledged.
        redelivery: when a message comes again on which its reader has failed, and how often.
        set_aside: where a message goes that is given up.
        name: the durable name, or nothing.
        ack_wait: how long the server waits for an acknowledgement, in seconds.
    """

    def __init__(
        self,
        stream: Stream,
        home: HomeLoop,
        envelopes: Envelopes,
        redelivery: Redelivery,
        set_aside: SetAside,
        *,
        name: str,
        ack_wait: float,
    ) -> None:
        self._stream = stream
        self._envelopes = envelopes
        self._redelivery = redelivery
        self._set_aside = set_aside
        self._name = name
        self._progress = Progress(
            home, self._being_handled, self._still_at_work, every=ack_wait / TIMES_IN_ACK_WAIT
        )
        self._held: list[tuple[Msg, Reply]] | None = None
        self._held_for_good = False
        self._released = False

    # Handled, or at work.

    def acknowledge(self, envelopes: Iterable[Msg]) -> None:
        """Tell the server that these were handled."""
        self._stream.replies.send([each for each in envelopes if not each.is_acked], Msg.ack)

    def handling(self) -> None:
        """Tell the server now and then that an iterator is at work on what it has taken."""
        if not self._progress.running:
            self._progress.begin()

    def _being_handled(self) -> list[Msg]:
        envelopes = self._envelopes.being_handled() if self._stream.tasks.can_start else []
        return [envelope for envelope in envelopes if not envelope.is_acked]

    def _still_at_work(self, envelopes: list[Msg]) -> None:
        self._stream.replies.send(envelopes, Msg.in_progress)

    # To be delivered again.

    def give_back(self, envelopes: list[Msg]) -> None:
        """Ask the server to deliver these again, to whoever reads: nobody has tried them.

        What it no longer has is lost, and reported.
        """
        orphans = sum(map(self._envelopes.is_orphan, envelopes))
        if orphans and not self._held_for_good:
            self.report_lost(orphans)
        self._return([(each, Msg.nak) for each in envelopes])

    def report_lost(self, count: int) -> None:
        """Tell of messages that will not come."""
        self._stream.connection.report(MessagesLost(self._stream.subject, count))

    def retry(self, envelopes: Iterable[Msg], reason: str) -> None:
        """Ask the server to deliver these again, later each time: handling them has failed.

        What was tried as often as it may be is given up, and what the server no longer has.
        """
        redelivery = self._redelivery
        for envelope in envelopes:
            tries = numbers_of(envelope)[3]
            if self._envelopes.is_orphan(envelope):
                if not self._held_for_good:
                    self._give_up_soon(envelope, f"{reason}; {NO_LONGER_THERE}", orphan=True)
            elif redelivery.is_last(tries):
                self.give_up(envelope, reason)
            else:
                delay = redelivery.delay_after(tries)
                self._return([(envelope, partial(Msg.nak, delay=delay))])

    def hold(self, *, for_good: bool = False) -> None:
        """Give nothing back until `release`, or it would be delivered here again.

        Args:
            for_good: whether the server is to forget the subscription, with all that it has.
        """
        self._held_for_good = self._held_for_good or for_good
        if self._held is None and not self._released:
            self._held = []

    def release(self) -> None:
        """Give back what was held: nothing is delivered here any more."""
        self._released = True
        held, self._held = self._held or [], None
        self._send(held)

    def _return(self, returned: list[tuple[Msg, Reply]]) -> None:
        if self._held_for_good:
            return
        returned = [(each, reply) for each, reply in returned if not each.is_acked]
        if self._held is None:
            self._send(returned)
        else:
            self._held += returned

    def _send(self, returned: list[tuple[Msg, Reply]]) -> None:
        for envelope, reply in returned:
            self._stream.replies.send([envelope], reply)

    # Given up.

    def give_up(self, envelope: Msg, reason: str, *, of_all: bool = False) -> None:
        """Set a message aside as a dead letter, soon, and report it.

        Args:
            envelope: what the server has to be told of.
            reason: why.
            of_all: whether no subscription can handle it, as was reported before.
        """
        if not envelope.is_acked:
            self._give_up_soon(envelope, reason, of_all=of_all)

    def _give_up_soon(
        self, envelope: Msg, reason: str, *, of_all: bool = False, orphan: bool = False
    ) -> None:
        tasks = self._stream.tasks
        if tasks.can_start:
            tasks.start(self._give_up(envelope, reason, of_all=of_all, orphan=orphan))

    async def _give_up(self, envelope: Msg, reason: str, *, of_all: bool, orphan: bool) -> None:
        stream, name = self._stream, "" if of_all else self._name
        if await self._set_aside(envelope, reason, name):
            if not orphan:
                stream.replies.send([envelope], Msg.term)
            if not of_all:
                stream.connection.report(MessageSetAside(stream.subject, name, reason))
        elif orphan:
            self.report_lost(1)
        else:  # it must not be lost, so it is tried again
            delay = self._redelivery.backoff[-1]
            self._return([(envelope, partial(Msg.nak, delay=delay))])
