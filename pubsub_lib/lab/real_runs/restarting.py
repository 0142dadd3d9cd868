"""Three servers that keep each order together, and are restarted in turn while orders come in.

It takes longer than a notebook may, so the notebook shows a recording, and this makes another one.

    restarts = await run_restarts()
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import nats
from nats.errors import Error

from pubsub_lib.lab.processes.nats_cluster import NatsCluster, NatsClusterServer
from pubsub_lib.lab.real_runs.restarts import SERVERS, Happened, RestartEvent, Restarts
from pubsub_lib.nats import JetStreamPubSub, NatsError

SUBJECT = "orders"
LIMIT_S = 200.0  #: long, since servers that share two cores choose a leader again and again
EVERY_S = 0.02  #: between two orders
ACK_WAIT_S = 2.0
MEANWHILE = 10  #: so many orders are stored before a server that was killed is started again
POLL_S = 0.02


async def run_restarts() -> Restarts:
    """Restart the servers of a cluster in turn, the leader last; return what happened."""
    cluster = await asyncio.to_thread(NatsCluster().__enter__)
    try:
        return await _Running(cluster).run()
    finally:
        await asyncio.to_thread(cluster.__exit__)


class _Running:
    """A rolling restart while it runs."""

    def __init__(self, cluster: NatsCluster) -> None:
        self._cluster = cluster
        self._began_s = time.perf_counter()
        self._restarts = Restarts()
        self._over = asyncio.Event()
        self._news = asyncio.Condition()

    async def run(self) -> Restarts:
        async with (
            JetStreamPubSub[int](
                SUBJECT,
                url=self._cluster.urls,
                replicas=3,
                ack_wait=ACK_WAIT_S,
                timeout=LIMIT_S,
                connect_timeout=LIMIT_S / 2,
                on_error=_expected,
            ) as shop,
            shop.subscribe(name="desk") as inbox,
            asyncio.TaskGroup() as group,
        ):
            self._began_s = time.perf_counter()
            publishing = group.create_task(self._publish(shop), name="publisher")
            reading = group.create_task(self._read(inbox), name="desk")
            await self._restart_in_turn()
            self._over.set()
            await publishing
            await self._until(lambda: not self._restarts.lost)
            reading.cancel()
        return self._restarts

    async def _restart_in_turn(self) -> None:
        leader = await self._leader()
        followers = [server for server in self._cluster.servers if server is not leader]
        await self._some_more_are_stored()
        for name, server in zip(SERVERS, [*followers, leader], strict=True):
            self._note(Happened.KILLED, name)
            await asyncio.to_thread(server.kill)
            if server is leader:
                while await self._leader() is leader:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
                self._note(Happened.LEADER_CHOSEN, "the others")
            await self._some_more_are_stored()
            await asyncio.to_thread(server.start)
            self._note(Happened.STARTED, name)
            await asyncio.to_thread(self._cluster.until_healthy)
            self._note(Happened.CAUGHT_UP, name)

    async def _some_more_are_stored(self) -> None:
        enough = len(self._restarts.publishes) + MEANWHILE
        await self._until(lambda: len(self._restarts.publishes) >= enough)

    async def _publish(self, shop: JetStreamPubSub[int]) -> None:
        number = 0
        while not self._over.is_set():
            began_s = self._now_s()
            await shop.publish(number, message_id=f"order {number}")
            self._restarts.publishes.append((began_s, self._now_s() - began_s))
            await self._tell()
            number += 1
            await asyncio.sleep(EVERY_S)

    async def _read(self, inbox: Any) -> None:
        async for number in inbox:
            self._restarts.handled.append(number)
            await self._tell()

    async def _leader(self) -> NatsClusterServer:
        """Return the server that decides what is stored, when there is one."""
        client = await nats.connect(self._cluster.urls, error_cb=_awaited)
        try:
            while True:
                try:
                    found = (await client.jetstream(timeout=1).stream_info(SUBJECT)).cluster
                except (Error, TimeoutError):
                    found = None
                if found is not None and found.leader:
                    return self._cluster.named(found.leader)
                await asyncio.sleep(POLL_S)
        finally:
            await client.close()

    def _note(self, what: Happened, server: str) -> None:
        self._restarts.events.append(RestartEvent(self._now_s(), what, server))

    def _now_s(self) -> float:
        return time.perf_counter() - self._began_s

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._news, asyncio.timeout(LIMIT_S):
            await self._news.wait_for(condition)


def _expected(error: NatsError) -> None:
    """Say nothing: that servers go away is what this is about."""


async def _awaited(error: Exception) -> None:
    """Say nothing, for a client of nats-py."""
