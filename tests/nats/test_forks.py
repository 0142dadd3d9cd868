"""A broker that is made before a fork is another one in each process."""

import asyncio
import itertools
import sys

import pytest

from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, NatsServer, why_no_server
from tests.nats.observing import soon

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = [
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork"),
]
PROCESSES, MESSAGES = 4, 10

# As gunicorn does with --preload: the broker is there before the processes are.
PROGRAM = """
import asyncio, os, sys
from pubsub_lib.nats import JetStreamPubSub, NatsPubSub

_, kind, url, subject, processes, messages = sys.argv
broker = {"JetStreamPubSub": JetStreamPubSub, "NatsPubSub": NatsPubSub}[kind](subject, url=url)
inbox = broker.subscribe()

async def publish(process):
    async with broker, inbox:
        for number in range(int(messages)):
            await broker.publish([process, number])
        await broker.flush()
        for _ in range(int(messages)):
            await inbox.get()

children = []
for process in range(int(processes)):
    child = os.fork()
    if child == 0:
        asyncio.run(asyncio.wait_for(publish(process), 20))
        os._exit(0)
    children.append(child)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.parametrize("kind", [JetStreamPubSub, NatsPubSub])
async def test_what_forked_processes_publish_all_arrives_and_none_counts_as_lost(
    own_server: NatsServer, kind
):
    sizes = [str(PROCESSES), str(MESSAGES)]
    program = [sys.executable, "-c", PROGRAM, kind.__name__, own_server.url, "orders", *sizes]
    async with (
        kind("orders", url=own_server.url) as broker,
        broker.subscribe() as inbox,
    ):
        forking = await asyncio.create_subprocess_exec(*program)
        received = [await soon(inbox.get()) for _ in range(PROCESSES * MESSAGES)]
        assert await soon(forking.wait()) == 0
        expected = itertools.product(range(PROCESSES), range(MESSAGES))
        assert sorted(received) == [list(message) for message in expected]
        assert inbox.stats.dropped == 0
