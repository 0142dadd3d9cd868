"""The price board is started, asked, told and killed as a notebook does it, with nothing left."""

import asyncio
import os
import subprocess
import sys

import psutil
import pytest

from pubsub_lib.lab.service import price_board as module
from pubsub_lib.lab.service.browser import MOST_CONNECTIONS, Browser
from pubsub_lib.lab.service.measuring import ages_ms, family_of
from pubsub_lib.lab.service.price_board import NoPriceBoard, PriceBoard, why_no_price_board
from pubsub_lib.lab.service.visitors import Visitor, opened, until_all_end
from pubsub_lib.lab.service.watching import (
    Lags,
    measure_load,
    wait_for_signs_of_life,
    watch_until_one_is_cut_off,
)
from pubsub_lib.nats import nats_server, why_no_server
from tests.limits import TIME_LIMIT_S

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(why_no_price_board() is not None, reason=str(why_no_price_board())),
]


async def test_a_board_publishes_what_is_posted_and_ends_when_it_is_told():
    async with PriceBoard() as board:
        async with board.visitors(2) as visitors:
            assert await board.post("TEA", 4.2) == {"delivered": 2, "missed": 0}
            assert all([await visitor.until_it_has(1) for visitor in visitors])
            assert [one["lag"] for one in await board.operator()] == [0, 0]
            assert "price_board_published_total 1.0" in await board.metrics()
            await wait_for_signs_of_life(visitors)
            assert all(len(visitor.named("lag")) >= 2 for visitor in visitors)
            assert all(0 <= age < TIME_LIMIT_S * 1e3 for age in ages_ms(visitors))
            assert board.usage().memory_mb > 1
            board.terminate()
            assert await until_all_end(visitors) == ["the end"] * 2
        assert await board.ended() == 0


@pytest.mark.skipif(bool(why_no_server()), reason=str(why_no_server()))
async def test_the_address_of_a_server_stands_in_no_argument():
    with nats_server() as server:
        async with PriceBoard(nats=server.url) as board, board.visitors(2) as visitors:
            assert await board.post("TEA", 4.2) == {"delivered": None, "missed": None}
            assert all([await visitor.until_it_has(1) for visitor in visitors])
            arguments = psutil.Process(board._running().process_id).cmdline()
    assert not any(server.url in argument for argument in arguments)


async def test_a_browser_has_no_more_streams_than_connections():
    async with PriceBoard() as board, Browser(board.url) as browser:
        await browser.open_tabs(MOST_CONNECTIONS + 2)
        assert browser.tabs == len(await board.operator()) == MOST_CONNECTIONS


async def test_the_end_of_the_block_ends_a_board_and_all_its_workers():
    async with PriceBoard(workers=2) as board:
        visitors = await board.visitors_at(workers=2, each=2)
        workers = {visitor.worker for visitor in visitors}
        assert len(workers) == 2
        async with opened(visitors):
            board.kill_worker(visitors[0].worker)
            assert await until_all_end(visitors[:2]) == ["cut off"] * 2
            (other,) = await board.visitors_at(1, each=1, but_not=visitors[0].worker)
            assert other.worker != visitors[0].worker
            await other.close()
        with pytest.raises(ValueError, match="is no process of this price board"):
            board.kill_worker(os.getpid())
        family = family_of(board._running().process_id)
    _, alive = psutil.wait_procs(family, timeout=TIME_LIMIT_S)
    assert alive == []


async def test_who_stops_reading_is_watched_until_it_is_cut_off():
    async with (
        PriceBoard(rate=5_000, maxsize=10) as board,
        Visitor(board.url, name="stops", small=True) as stops,
        Visitor(board.url, name="reads") as reads,
    ):
        stops.stop_reading()
        lags = await watch_until_one_is_cut_off(
            board, "stops", "reads", clock=lambda: len(reads.ids)
        )
    assert lags["stops"].cut_off_at is not None
    assert max(lags["stops"].lags) <= 10


async def test_a_load_is_measured_with_as_many_deliveries_as_there_were():
    load = await measure_load(5, rate=50, prices=3)
    assert len(load.ages_ms) >= 5 * 3
    assert load.processor_s >= 0


async def test_nothing_is_asked_of_a_board_before_its_block():
    with pytest.raises(RuntimeError, match="in its `async with` block"):
        await PriceBoard().post("TEA", 4.2)
    with pytest.raises(RuntimeError, match="in its `async with` block"):
        PriceBoard().terminate()


async def test_where_there_is_no_board_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch):
    assert why_no_price_board(["no_such_package"]) == (
        "it needs packages that are not here: run `pip install no-such-package`"
    )
    monkeypatch.setattr(module, "ROOT", module.ROOT / "notebooks")
    with pytest.raises(NoPriceBoard, match="nothing is wrong: examples/price_board is not beside"):
        async with PriceBoard():
            pass


def test_a_look_sees_what_waited_at_the_last_moment_before_it():
    lags = Lags([10, 20], [1, 2])
    assert [lags.at_look(at) for at in (5, 10, 15, 25)] == [0, 1, 1, 2]


def test_a_board_ends_with_the_interpreter_that_started_it():
    program = """
import asyncio, os
from pubsub_lib.lab.service.measuring import family_of
from pubsub_lib.lab.service.price_board import PriceBoard

async def main():
    async with PriceBoard(workers=2) as board:
        print(*(process.pid for process in family_of(board._running().process_id)), flush=True)
        os._exit(0)  # without a word, as if it were killed

asyncio.run(main())
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIME_LIMIT_S
    )
    alive = [psutil.Process(int(pid)) for pid in run.stdout.split() if psutil.pid_exists(int(pid))]
    assert run.stdout
    assert psutil.wait_procs(alive, timeout=TIME_LIMIT_S)[1] == []


async def test_a_program_that_is_a_module_is_told_to_end(tmp_path):
    from pubsub_lib.lab.processes.programs import Program

    (tmp_path / "told.py").write_text(
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('told'), sys.exit(3)))\n"
        "print(*sys.argv[1:])\nsignal.pause()\n"
    )
    async with Program.of_module("told", "a", "b", folder=tmp_path) as program:
        assert await program.line() == "a b"
        program.terminate()
        assert await asyncio.wait_for(program.line(), TIME_LIMIT_S) == "told"
        assert program.process_id > 0
