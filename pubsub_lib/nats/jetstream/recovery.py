"""Notices that the server has lost the stream or a consumer, and makes them anew.

A server may come back with an empty store, somebody may delete what is in use, and nobody tells us:
nothing would come in any more, and nobody would know. So it is looked at after each interruption,
and now and then. What is lost is counted and reported, or ends the reader with an error.

>>> Recovery.ready.__doc__
'Whether the server can be expected to have everything now.'
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, override

from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.errors import NatsError, NotConnected
from pubsub_lib.nats.jetstream.consumer import Consumer
from pubsub_lib.nats.jetstream.stream import Stream, StreamChanged
from pubsub_lib.nats.single_flight import SingleFlight

# How often to look whether the server still has everything, in seconds.
LOOK_EVERY_S = 2.0
# How long a server may need to delete a stream that it says it no longer has, in seconds. What is
# made anew before that may be deleted with it (see `Stream.remake`).
DELETED_WITHIN_S = 0.25


class Recovery(ConnectionWatcher):
    """Looks whether the server still has the stream and the consumers.

    Args:
        stream: what it should have.
        consumers: and these, as many as there are at the time.

    Attributes:
        failure: why the server does not have the stream, and could not make it, if that is so.
    """

    def __init__(self, stream: Stream, consumers: Sequence[Consumer[Any]]) -> None:
        self.failure: NatsError | None = None
        self._stream = stream
        self._consumers = consumers
        self._recovering = SingleFlight[None](stream.tasks.start)
        self._looking = SingleFlight[None](stream.tasks.start)
        self._next_look: asyncio.TimerHandle | None = None
        self._told: set[str] = set()  # what was reported since all was well
        stream.connection.watch(self)

    @property
    def ready(self) -> bool:
        """Whether the server can be expected to have everything now."""
        return self._stream.connection.connected and not self._recovering.running

    async def get_ready(self) -> None:
        """Make the stream, and return when messages come in for every subscription.

        Raises:
            NatsError: if the server cannot be reached or refuses the stream.
        """
        if not self._stream.made:
            await self._stream.make()
        if not all(consumer.ready for consumer in self._consumers):
            for consumer in list(self._consumers):
                await consumer.joined()

    async def until_ready(self) -> None:
        """Wait until there is a connection, and what the server has lost is there again.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        while not self.ready:
            await asyncio.sleep(0)  # nats-py may know that it is lost before it tells us
            await self._stream.connection.until_connected()
            await self._recovering.settled()

    def begin(self) -> None:
        """Look soon whether the server still has everything; what was begun before goes on.

        Else a server that takes long would never be done: whoever looks meanwhile would find that
        something is missing still.
        """
        if self._recovering.ended:
            self._recovering.forget()
        self._recovering.begin(self._recover_from_a_deletion)

    async def _recover_from_a_deletion(self) -> None:
        await asyncio.sleep(DELETED_WITHIN_S)
        await self.recover()

    async def recover(self) -> None:
        """Look whether the server has the stream and the consumers, and make what it lacks."""
        if not self._stream.made:
            return  # nobody has used it yet
        while await self._is_to_be_done_again():
            pass

    async def _is_to_be_done_again(self) -> bool:
        """Make what is missing; return whether the stream was made anew by another meanwhile."""
        self.failure = await self._failure_of(self._stream.remake())
        failures = [self.failure]
        if self.failure is None:
            try:
                failures += [await self._failure_of(each.remake()) for each in self._consumers[:]]
            except StreamChanged:
                return True
        self._report(failures)
        return False

    async def _failure_of(self, work: Coroutine[Any, Any, None]) -> NatsError | None:
        """Do a part of the work, and return why that was not possible: one that is refused must
        not keep the others from getting on.
        """
        try:
            await work
        except StreamChanged:
            raise
        except Exception as error:
            return _named(error)
        return None

    def _report(self, failures: Sequence[NatsError | None]) -> None:
        """Tell what is wrong, once, however often it is found again; nothing if nothing is."""
        wrong = {str(error): error for error in failures if error is not None}
        self._told &= set(wrong)
        for text, error in wrong.items():
            if text not in self._told and not isinstance(error, NotConnected):  # which all are told
                self._told.add(text)
                self._stream.connection.report(error)

    # Now and then.

    def _look_later(self) -> None:
        self._cancel_look()
        loop = asyncio.get_running_loop()
        self._next_look = loop.call_later(LOOK_EVERY_S, self._look_now)

    def _cancel_look(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None

    def _look_now(self) -> None:
        if self._stream.connection.connected:
            if self._looking.ended:
                self._looking.forget()
            self._looking.begin(self._look)
            self._look_later()

    async def _look(self) -> None:
        """Look without holding up publishers, and begin to recover if anything is missing."""
        if not self._stream.made:
            return
        failures = [self.failure]
        for is_lost in [self._stream.is_lost, *(each.is_lost for each in self._consumers)]:
            try:
                if await is_lost():
                    self.begin()
                    return
            except Exception as error:  # the others are looked at all the same
                failures.append(_named(error))
        self._report(failures)

    @override
    def connection_made(self) -> None:
        self._look_later()

    @override
    def connection_lost(self) -> None:
        self._cancel_look()
        for consumer in self._consumers:
            # The server may never hear of the last acknowledgements, and decides what comes again.
            consumer.inbox.envelopes.forget_acknowledged()

    @override
    def connection_restored(self) -> None:
        self._recovering.cancel()  # its questions may have been lost with the connection
        self._recovering.forget()
        self._recovering.begin(self.recover)
        self._look_later()

    @override
    def connection_failed(self, error: NatsError) -> None:
        for consumer in list(self._consumers):
            if consumer.inbox.in_use:
                consumer.inbox.fail(error)


def _named(error: Exception) -> NatsError:
    if isinstance(error, NatsError):
        return error
    # Such as nats-py's on an answer that it cannot read.
    return NatsError(f"what the server has could not be looked at ({error!r}); it is tried again")
