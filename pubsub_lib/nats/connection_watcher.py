"""Who has to hear of it when a connection is lost, restored, or over for good.

A connection knows nothing of what travels over it. Each part of a broker that does is a watcher of
its own: who counts what is sent, who takes in what comes, who repairs what a server has lost.

>>> class Counter(ConnectionWatcher):
...     pending = 3
...     def write_off(self) -> int:
...         return self.pending
>>> sum(watcher.write_off() for watcher in [Counter(), ConnectionWatcher()])
3
"""

from pubsub_lib.nats.errors import NatsError


class ConnectionWatcher:
    """Whoever has something to do when the connection changes. By default that is nothing."""

    def connection_made(self) -> None:
        """Begin: the connection was made for the first time."""

    def connection_lost(self) -> None:
        """Expect no answers any more: the connection is lost, or closed."""

    def count_sent(self) -> int:
        """Return how many messages were sent so far; the server is being asked for them."""
        return 0

    def note_confirmed(self, sent: int) -> None:
        """Note that the server has the first so many, except those that were written off."""

    def write_off(self) -> int:
        """Give up what is on its way, and return how many messages that were."""
        return 0

    def connection_restored(self) -> None:
        """Go on: the connection was made again."""

    def publish_refused(self, subject: str, error: NatsError) -> None:
        """Note that the server has not allowed to publish a message.

        Args:
            subject: of the message, in lower case, as nats-py tells it.
            error: which says so.
        """

    def subscription_refused(self, subject: str, error: NatsError) -> None:
        """Tell its readers: the server does not allow this subscription.

        Args:
            subject: of the subscription, in lower case, as nats-py tells it.
            error: which the readers get.
        """
        self.connection_failed(error)

    def connection_failed(self, error: NatsError) -> None:
        """Tell the readers: nothing will come in any more, because of this error."""
