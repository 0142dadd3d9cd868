"""Questions to the server whose answers say that it has everything that was sent before them.

>>> async def main() -> None:
...     round_trips = RoundTrips(HomeLoop("NatsPubSub"), PendingRequests(), [])
...     print(await round_trips.begin(None))  # there is no connection
>>> asyncio.run(main())
False
"""

import asyncio
from collections.abc import Sequence

import nats.errors

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.client import SecureClient
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.pending_requests import PendingRequests

# The server's answer is waited for until the connection is known to be lost.
A_LONG_TIME_S = 24 * 3600


class RoundTrips:
    """Asks the server, for all who have to know that it has what they have sent.

    Args:
        home: the event loop that it belongs to.
        requests: who is told when no answer will come.
        watchers: those who count what they send, as many as there are at the time.
    """

    def __init__(
        self, home: HomeLoop, requests: PendingRequests, watchers: Sequence[ConnectionWatcher]
    ) -> None:
        self._home = home
        self._requests = requests
        self._watchers = watchers
        self._asking: set[asyncio.Task[bool]] = set()

    def begin(self, client: SecureClient | None) -> asyncio.Task[bool]:
        """Ask, and return a task that is not to be cancelled.

        It says whether the answer came before a disconnection; without a client none will.
        """
        # A task of its own, since nats-py does not survive that its question is cancelled.
        asking = self._home.check().create_task(self._ask(client))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        return asking

    async def ended(self) -> None:
        """Return when nobody waits for an answer any more."""
        if self._asking:
            await asyncio.wait(self._asking)

    async def _ask(self, client: SecureClient | None) -> bool:
        if client is None:
            return False
        sent = [(watcher, watcher.count_sent()) for watcher in self._watchers]
        try:
            await self._requests.unless_lost(_everything_answered(client))
        except (ConnectionResetError, nats.errors.Error):
            return False
        for watcher, count in sent:
            watcher.note_confirmed(count)
        return True


async def _everything_answered(client: SecureClient) -> None:
    # A question of nats-py's overtakes what it has not yet handed to the system.
    overtaking = True
    while overtaking:
        overtaking = client.pending_data_size > 0
        await client.rtt(timeout=A_LONG_TIME_S)
