"""A guarded process runs in a folder that goes with it, and its owner is told what goes wrong."""

import sys
import threading
import time
from pathlib import Path

import pytest

from pubsub_lib.nats.local_server import guarded_process
from pubsub_lib.nats.local_server.guarded_process import GuardedProcess

A_MINUTE = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_what_it_prints_is_in_its_log():
    says = "import sys; print('out', flush=True); print('err', file=sys.stderr, flush=True); "
    with GuardedProcess([sys.executable, "-c", says + "open('done', 'x')"]) as process:
        assert process.log() == ""
        process.start()
        while process.process_id is not None:  # nobody tells us when it ends by itself
            time.sleep(0.005)
        assert process.log().splitlines() == ["out", "err"]
        assert (process.folder / "done").exists()


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path):
    missing = tmp_path / "missing"
    with GuardedProcess([missing]) as process:
        with pytest.raises(RuntimeError, match="missing cannot be run: "):
            process.start()
        assert process.process_id is None


def test_a_program_that_runs_is_not_started_twice():
    with GuardedProcess(A_MINUTE) as process:
        assert process.start() == process.start()


def test_an_order_that_was_interrupted_does_not_mix_up_the_answers_to_later_ones():
    with GuardedProcess(A_MINUTE) as process:
        assert process._guard.stdin is not None
        process._guard.stdin.write(b"0 status\n")  # its answer stays unread, as after an interrupt
        assert process.start() == process.process_id


def test_many_threads_get_the_answers_to_their_own_orders():
    with GuardedProcess(A_MINUTE) as process:
        seen: set[int | None] = set()

        def ask() -> None:
            for _ in range(50):
                seen.add(process.start())
                seen.add(process.process_id)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == {process.process_id}


def test_a_guard_that_was_killed_is_missed():
    process = GuardedProcess(A_MINUTE)
    process._guard.kill()
    with pytest.raises(RuntimeError, match=r"guard ended.*make a new process"):
        process.start()
    assert process.ended
    assert not process.folder.exists()


def test_a_guard_that_cannot_do_its_work_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(guarded_process, "GUARD", tmp_path / "missing.py")
    with pytest.raises(RuntimeError, match=r"(?s)guard ended.*missing\.py"):
        GuardedProcess(A_MINUTE)


def test_an_ended_process_cannot_be_started():
    with GuardedProcess(A_MINUTE) as process:
        pass
    with pytest.raises(RuntimeError, match="make a new one"):
        process.start()
