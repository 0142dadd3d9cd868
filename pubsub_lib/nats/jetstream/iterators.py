"""Iterators that acknowledge: asking for the next message says that the last one was handled.

What an iterator has taken when it goes away without a word is delivered again.

>>> AcknowledgingMessageIterator.__doc__.partition(";")[0]
'Reads one by one'
"""

from functools import partial
from typing import TYPE_CHECKING, override

from nats.aio.msg import Msg

from pubsub_lib.in_process.subscription import BatchIterator, MessageIterator
from pubsub_lib.nats.jetstream.envelopes import this_task

if TYPE_CHECKING:
    from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState, JetStreamSubscription


class Claim[T]:
    """What an iterator has taken. If that goes away without a word, the server has it again."""

    __slots__ = ("_envelopes", "_iterator", "_state")

    def __init__(self, state: "JetStreamInboxState[T]") -> None:
        self._state = state
        self._envelopes: list[Msg] = []
        self._iterator = object()  # stands for this, and does not keep it

    def __del__(self) -> None:
        if self._envelopes:
            self._state.home.call_soon(partial(self._state.take_back, self._envelopes))

    def acknowledge(self) -> bool:
        """Say that it was handled, if it was not given back; return whether there was anything."""
        envelopes, self._envelopes = self._envelopes, []
        if envelopes:
            self._state.acknowledge(self._state.envelopes.held(envelopes))
        return bool(envelopes)

    def renew(self) -> None:
        """Note what was just taken."""
        self._envelopes = self._state.envelopes.claim(this_task(), self._iterator)
        self._state.outcomes.handling()


class AcknowledgingMessageIterator[T](MessageIterator[T]):
    """Reads one by one; asking for a message acknowledges the last one."""

    __slots__ = ("_claim",)

    def __init__(self, end: "JetStreamSubscription[T]") -> None:
        super().__init__(end)
        self._claim = Claim(end._state)

    @override
    async def __anext__(self) -> T:
        if self._claim.acknowledge():
            self._mark_as_done()
        message = await super().__anext__()
        self._claim.renew()
        return message


class AcknowledgingBatchIterator[T](BatchIterator[T]):
    """Reads lists; asking for a list acknowledges the last one."""

    __slots__ = ("_claim",)

    def __init__(self, end: "JetStreamSubscription[T]") -> None:
        super().__init__(end)
        self._claim = Claim(end._state)

    @override
    async def __anext__(self) -> list[T]:
        self._claim.acknowledge()
        batch = await super().__anext__()
        self._claim.renew()
        return batch
