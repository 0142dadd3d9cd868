"""Subjects: a subscriber asks for the messages it wants, by name or by pattern.

A subject names what a message is about, in tokens separated by dots: `prices.gold.eur`. A
subscriber gives a pattern, in which `*` stands for exactly one token and `>`, at the end, for one
or more. The layer is thin: the broker below, of any kind, carries `Published` messages and applies
the pattern as its filter.

Which broker to take: `AsyncPubSub` finds the takers of a message in a tree of subjects, so it costs
what they cost, however many there are besides. On a `RingPubSub` each message wakes all readers
that wait, and each asks its own filter; that is for few subscribers, or for those who want nearly
everything. A `NatsPubSub` or `JetStreamPubSub` asks the server for the pattern, so that nothing
else comes over the network, nor is kept.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub, Message
>>> async def main() -> None:
...     async with AsyncPubSub[Published[Message]]() as broker:
...         topics = Topics(broker)
...         inbox = await topics.subscribe("prices.*.eur")
...         await topics.publish("prices.gold.usd", Message("2,100"))
...         await topics.publish("prices.gold.eur", Message("1,900"))
...         print(await inbox.get())
...         inbox.close()
>>> asyncio.run(main())
Published(subject='prices.gold.eur', message=Message(content='1,900'))

A broker can keep the latest of each subject, with which newcomers then begin:

>>> def subject_of(published: Published[int]) -> str:
...     return published.subject
>>> async def main() -> None:
...     async with AsyncPubSub[Published[int]](history=1_000, key=subject_of) as broker:
...         for price in (1_900, 1_910):
...             await Topics(broker).publish("prices.gold", price)
...         async with broker.subscribe(where=subject_filter("prices.*"), replay=100) as newcomer:
...             print(await newcomer.get())
>>> asyncio.run(main())
Published(subject='prices.gold', message=1910)
"""

from collections.abc import Iterable

from pubsub_lib.arguments import listed_messages
from pubsub_lib.interfaces import ManagedBroker, ManagedSubscription
from pubsub_lib.reports import Deliveries, Delivery
from pubsub_lib.subjects import Published, check_subject, subject_filter

__all__ = ["Published", "Topics", "subject_filter"]


class Topics[T]:
    """Publishes to subjects and subscribes to patterns, over any broker.

    It keeps nothing of its own: closing, statistics and full inboxes are the broker's business, and
    several `Topics` over one broker share its messages. On a ring, which is one store for all, a
    subscriber that does not read holds up the publishers to every subject.
    """

    def __init__(self, broker: ManagedBroker[Published[T]]) -> None:
        self._broker = broker

    def subscribe(self, pattern: str, *, name: str = "") -> ManagedSubscription[Published[T]]:
        """Join, and receive what is published from now on to the subjects that match the pattern.

        Args:
            pattern: a subject in which `*` stands for one token, and a last `>` for one or more.
            name: what the subscriber is called, in reports.

        Returns:
            The broker's own subscription, which may be awaited, or entered by `async with`.

        Raises:
            TypeError: if the pattern is not a string.
            ValueError: if the pattern cannot match any subject.
            PubSubClosed: if the broker was shut down.
        """
        return self._broker.subscribe(where=subject_filter(pattern), name=name)

    async def publish(self, subject: str, message: T) -> Delivery:
        """Give the message to every subscriber whose pattern matches the subject.

        Raises:
            TypeError: if the subject is not a string.
            ValueError: if the subject has an empty token, whitespace or a wildcard.
            PubSubClosed: if the broker was shut down.
        """
        return await self._broker.publish(Published(subject, message))

    async def publish_many(self, subject: str, messages: Iterable[T]) -> Deliveries:
        """Give these messages, in order, to every subscriber whose pattern matches the subject.

        Those for several subjects can be given to the broker's own `publish_many`, as `Published`.

        Raises:
            TypeError: if the subject is not a string, or there is only one message, outside a list.
            ValueError: if the subject has an empty token, whitespace or a wildcard.
            PubSubClosed: if the broker was shut down.
            Exception: what an iterator of messages raises; none of them is published then.
        """
        check_subject(subject)  # also where there is no message
        published = [Published(subject, message) for message in listed_messages(messages)]
        return await self._broker.publish_many(published)
