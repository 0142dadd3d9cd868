"""Several workers: whom a price reaches, with and without NATS, and what happens if one dies."""

import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import psutil
import pytest

from pubsub_lib.lab.processes.nats_cluster import NatsCluster
from pubsub_lib.nats import nats_server, why_no_server
from tests.examples.serving import Service, Stream, price_board, refused, visiting
from tests.limits import TIME_LIMIT_S

TWO = ["--workers", "2", "--rate", "0"]
HALF_A_PRICE = (
    b"POST /prices HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b'Content-Length: 30\r\n\r\n{"symbol"'
)

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(os.name == "nt", reason="there, a signal ends a process at once"),
]
needs_server = pytest.mark.skipif(
    why_no_server() is not None, reason=why_no_server() or "there is a server"
)

needs_own_server = pytest.mark.skipif(
    why_no_server(of_our_own=True) is not None,
    reason=why_no_server(of_our_own=True) or "there is a server",
)


@asynccontextmanager
async def one_visitor_of_each_worker(service: Service) -> AsyncIterator[dict[int, Stream]]:
    """Come again and again, until there is a visitor at each of two workers."""
    async with AsyncExitStack() as stack:
        streams: dict[int, Stream] = {}
        while len(streams) < 2:
            client = httpx.AsyncClient(timeout=TIME_LIMIT_S, verify=False)
            await stack.enter_async_context(client)
            # The stream then takes the same connection.
            worker = (await client.get(f"{service.url}health")).json()["worker"]
            if worker not in streams:
                visit = visiting(service, client=client)
                streams[worker] = await stack.enter_async_context(visit)
                await streams[worker].next("lag")
        yield streams


@pytest.mark.run_all
async def test_without_nats_a_price_reaches_the_visitors_of_one_worker_only():
    with price_board(*TWO) as service:
        async with one_visitor_of_each_worker(service) as streams:
            worker = service.ask("health").json()["worker"]
            assert service.post("TEA", 4.2) == {"delivered": 1, "missed": 0}
            assert await streams[worker].prices(1) == [("TEA", 4.2)]
            (other,) = set(streams) - {worker}
            service.process.terminate()
            assert [event.kind for event in await streams[other].rest()][-1] == "bye"
        assert service.ended() == 0


@needs_server
async def test_with_nats_it_reaches_the_visitors_of_all(monkeypatch):
    with nats_server() as server:
        monkeypatch.setenv("NATS_URL", server.url)
        await a_price_reaches_the_visitors_of_all("--nats")


async def a_price_reaches_the_visitors_of_all(*options: str) -> None:
    with price_board(*TWO, *options) as service:
        async with one_visitor_of_each_worker(service) as streams:
            assert service.post("TEA", 4.2) == {"delivered": None, "missed": None}
            first, second = [await stream.next() for stream in streams.values()]
        assert first.data["price"] == second.data["price"] == 4.2
        assert first.number == second.number
        # Whoever comes back may come to the other worker, which knows the same numbers.
        for price in (4.3, 4.4):
            service.post("TEA", price)
        async with visiting(service, last_seen=first.number) as stream:
            assert await stream.prices(2) == [("TEA", 4.3), ("TEA", 4.4)]


@pytest.mark.run_all
async def test_where_a_worker_is_killed_the_other_goes_on_and_a_new_one_comes():
    with price_board(*TWO) as service:
        async with one_visitor_of_each_worker(service) as streams:
            victim, survivor = streams
            os.kill(victim, signal.SIGKILL)
            with pytest.raises(httpx.RemoteProtocolError):
                await streams[victim].rest()
            await streams[survivor].next("lag")
        async with one_visitor_of_each_worker(service) as streams:
            assert survivor in streams
            assert victim not in streams
        service.process.terminate()
        assert service.ended() == 0


@pytest.mark.run_all
def test_the_workers_end_with_the_process_that_started_them():
    with price_board(*TWO) as service:
        workers = psutil.Process(service.process.pid).children(recursive=True)
        assert len(workers) >= 2
        service.process.kill()
        _, alive = psutil.wait_procs(workers, timeout=TIME_LIMIT_S)
        assert not alive


@pytest.mark.run_all
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_second_ctrl_c_ends_it_at_once(workers):
    with (
        price_board("--workers", workers, "--grace", "3000", "--rate", "0") as service,
        socket.create_connection(("127.0.0.1", service.port)) as unfinished,
    ):
        unfinished.sendall(HALF_A_PRICE)
        async with visiting(service) as stream:
            await stream.next("lag")
            children = psutil.Process(service.process.pid).children(recursive=True)
            service.process.send_signal(signal.SIGINT)
            await stream.next("bye")
        assert service.process.poll() is None, "it waits for the other half"
        service.process.send_signal(signal.SIGINT)
        assert service.ended() == 130
        _, alive = psutil.wait_procs(children, timeout=TIME_LIMIT_S)
        assert not alive


@pytest.mark.run_all
@needs_own_server
async def test_where_one_of_three_servers_is_gone_the_board_goes_on():
    with (
        NatsCluster() as cluster,
        price_board(*TWO, "--rate", "50", "--nats", ",".join(cluster.urls)) as service,
    ):
        async with one_visitor_of_each_worker(service) as streams:
            cluster.servers[0].kill()
            for stream in streams.values():
                later = (await stream.next()).number + 100
                while (await stream.next()).number < later:
                    pass  # what was on its way is lost; what comes later comes in


@pytest.mark.run_all
def test_where_a_worker_cannot_begin_the_service_says_why_in_one_line():
    status, said = refused("--workers", "2", "--nats", "nats://127.0.0.1:1")
    assert status == 1
    assert said.count("\n") == 1
    assert "no NATS server answers at nats://127.0.0.1:1" in said
