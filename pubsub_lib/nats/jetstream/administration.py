"""What an administrator does with a stream: its dead letters, and the names that it keeps.

>>> AdministeredBroker.forget.__doc__.partition(",")[0]
'Let the server forget a subscription by its name'
"""

from contextlib import AbstractAsyncContextManager

from pubsub_lib.arguments import checked_whole_number
from pubsub_lib.nats.jetstream.consumer import Consumer, checked_name
from pubsub_lib.nats.jetstream.dead_letters import DeadLetter, DeadLetters
from pubsub_lib.nats.jetstream.recovery import Recovery
from pubsub_lib.nats.jetstream.statistics import NamedSubscription, named_subscriptions
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState
from pubsub_lib.nats.jetstream.time_limit import answering_within
from pubsub_lib.nats.networked_broker import NetworkedBroker


class AdministeredBroker[T](NetworkedBroker[T, JetStreamInboxState[T]]):
    """The part of a `JetStreamPubSub` that looks after what the server keeps."""

    _stream: Stream
    _consumers: list[Consumer[T]]
    _recovery: Recovery
    _dead_letters: DeadLetters[T]

    async def dead_letters(self, *, after: int = 0, limit: int = 100) -> list[DeadLetter[T]]:
        """Return messages of this stream that were set aside, by whomever, the oldest first.

        Args:
            after: list those with a higher number than this.
            limit: how many to list at most.

        Raises:
            TypeError, ValueError: if an argument is no such number.
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        after = checked_whole_number("after", after, unit="dead letters", least=0)
        limit = checked_whole_number("limit", limit, unit="dead letters", least=1)
        async with self._in_time():
            await self._stream.make()
            return await self._dead_letters.list(after=after, limit=limit)

    async def put_back(self, letter: DeadLetter[T]) -> None:
        """Let a message be tried again that was set aside: it is no dead letter any more.

        It goes to the subscription that has failed on it; if that had no name, or nobody could read
        the message, to all.

        Raises:
            LookupError: if it is not there any more.
            SubscriptionForgotten: if there is no such subscription any more.
            NatsError: if nobody asks for its subject, or the server cannot be reached or refuses
                it.
        """
        self._home.check()
        async with self._in_time():
            await self._recovery.get_ready()
            await self._dead_letters.put_back(letter)

    async def delete_dead_letter(self, letter: DeadLetter[T]) -> None:
        """Delete a message for good that was set aside.

        Raises:
            LookupError: if it is not there any more.
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        async with self._in_time():
            await self._stream.make()
            await self._dead_letters.delete(letter)

    async def named_subscriptions(self) -> list[NamedSubscription]:
        """Return the names under which the server keeps messages, of all processes, in order.

        One that has lag and that nobody reads may be for `forget`.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        async with self._in_time():
            await self._stream.make()
            return named_subscriptions(await self._stream.consumers())

    async def forget(self, name: str) -> None:
        """Let the server forget a subscription by its name, with all that it keeps for it.

        Readers here get what they have, and then the end; those in other processes get what they
        have, and then `SubscriptionForgotten`. Does nothing if there is none.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        checked_name(name)
        async with self._in_time():
            await self._stream.make()
            for consumer in self._consumers:
                if consumer.durable and consumer.name == name:
                    consumer.inbox.leave()
                    consumer.inbox.finish("its name was forgotten")
            await self._stream.forget(name)

    def _in_time(self) -> AbstractAsyncContextManager[None]:
        return answering_within(self._stream.connection, self.timeout)
