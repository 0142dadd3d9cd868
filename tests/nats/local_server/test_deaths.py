"""The server ends whatever dies first, and however: its owner, its guard, or both."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from pubsub_lib.nats.local_server import guarded_process
from pubsub_lib.nats.local_server.guarded_process import GuardedProcess
from pubsub_lib.nats.local_server.server import NatsServer, why_no_server
from tests.nats.local_server.owning import LIMIT_S, Connect, RunOwner, is_removed, told_by

NO_SERVER = why_no_server(of_our_own=True)
needs_server = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
only_posix = pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
by_each_tie = pytest.mark.parametrize(
    "tied_by",
    [
        pytest.param(
            "signal",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this signal"),
        ),
        "pipe",
    ],
)


@needs_server
@only_posix
@pytest.mark.parametrize("how", ["SIGKILL", "SIGHUP", "SIGTERM"])
def test_nothing_is_left_after_the_owner_was_killed(
    connect: Connect, run_owner: RunOwner, how: str
):
    owner = run_owner("input()")
    url, folder = told_by(owner)
    client = connect(url)
    owner.send_signal(getattr(signal, how))
    client.wait_until_cut_off()
    assert is_removed(folder)


@needs_server
@only_posix
def test_a_forked_child_does_not_keep_the_server_of_a_killed_owner(
    connect: Connect, run_owner: RunOwner
):
    # The child waits for its own end of input, which comes when the test ends.
    owner = run_owner("os.fork(); input()")
    url, folder = told_by(owner)
    client = connect(url)
    owner.kill()
    client.wait_until_cut_off()
    assert is_removed(folder)


@needs_server
@only_posix
@by_each_tie
@pytest.mark.parametrize("how", ["SIGKILL", "SIGHUP", "SIGTERM"])
def test_the_server_ends_when_its_guard_is_killed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tied_by: str, how: str
):
    monkeypatch.setattr(guarded_process, "TIED_BY", tied_by)
    with NatsServer() as server:
        client = connect(server.url)
        guard = server._process._guard
        guard.send_signal(getattr(signal, how))
        client.wait_until_cut_off()
        assert guard.wait(LIMIT_S) != 0 or how != "SIGKILL"
        with pytest.raises(RuntimeError, match="guard ended, and with it what it guarded"):
            server.start()
        assert not server.folder.exists()


@needs_server
@only_posix
@by_each_tie
def test_the_server_ends_when_owner_and_guard_are_killed_at_once(
    connect: Connect, run_owner: RunOwner, tied_by: str
):
    owner = run_owner(f"""
from pubsub_lib.nats.local_server import guarded_process
guarded_process.TIED_BY = {tied_by!r}
another = NatsServer()
another.start()
print(another.url, another._process._guard.pid, flush=True)
input()
""")
    told_by(owner)
    assert owner.stdout is not None
    url, guard = owner.stdout.readline().split()
    client = connect(url)
    os.kill(int(guard), signal.SIGKILL)
    owner.kill()
    client.wait_until_cut_off()


@needs_server
@only_posix
@by_each_tie
def test_the_server_ends_with_its_owner_though_its_guard_was_stopped(
    connect: Connect, run_owner: RunOwner, tied_by: str
):
    owner = run_owner(f"""
from pubsub_lib.nats.local_server import guarded_process
guarded_process.TIED_BY = {tied_by!r}
another = NatsServer()
another.start()
print(another.url, another.folder, flush=True)
print(another._process._guard.pid, flush=True)
input()
""")
    told_by(owner)
    url, folder = told_by(owner)
    assert owner.stdout is not None
    client = connect(url)
    os.kill(int(owner.stdout.readline()), signal.SIGSTOP)
    owner.kill()
    client.wait_until_cut_off()
    assert is_removed(folder)


@needs_server
@only_posix
def test_a_server_that_was_stopped_ends_with_its_owner(connect: Connect, run_owner: RunOwner):
    owner = run_owner("print(server.process_id, flush=True); input()")
    url, folder = told_by(owner)
    assert owner.stdout is not None
    client = connect(url)
    os.kill(int(owner.stdout.readline()), signal.SIGSTOP)
    owner.kill()
    client.wait_until_cut_off()
    assert is_removed(folder)


@only_posix
@pytest.mark.parametrize("how", ["SIGHUP", "SIGTERM"])
def test_a_signal_to_the_guard_does_not_interrupt_the_removal_of_the_folder(how: str):
    process = GuardedProcess([sys.executable, "-c", "input()"])
    for number in range(5_000):
        (process.folder / str(number)).touch()
    guard = process._guard
    assert guard.stdin is not None
    guard.stdin.close()
    with contextlib.suppress(FileNotFoundError):  # removed before we looked again
        while len(os.listdir(process.folder)) == 5_000:
            time.sleep(0)  # nobody tells when the removal has begun
    guard.send_signal(getattr(signal, how))
    assert guard.wait(LIMIT_S) == 0
    assert not process.folder.exists()


@needs_server
@only_posix
def test_a_guard_that_is_stopped_does_not_hold_up_the_end(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(guarded_process, "END_WITHIN_S", 0.2)
    with NatsServer() as server:
        client = connect(server.url)
        server._process._guard.send_signal(signal.SIGSTOP)
    client.wait_until_cut_off()
    assert not server.folder.exists()


@only_posix
def test_a_process_that_has_ended_is_not_ended_again_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
):
    """What waits for the end of the guard is told, or it would kill who has the number then."""
    monkeypatch.setattr(guarded_process, "TIED_BY", "pipe")
    with GuardedProcess([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        guard = process._guard.pid
        os.kill(process.start(), signal.SIGKILL)
        while process.process_id is not None:
            time.sleep(0.005)  # nobody tells us when it has ended
        assert children_of(guard) == []


def children_of(process_id: int) -> list[str]:
    everybody = subprocess.run(
        ["ps", "-A", "-o", "ppid=,pid="], capture_output=True, text=True, check=True
    )
    pairs = [line.split() for line in everybody.stdout.splitlines()]
    return [child for parent, child in pairs if parent == str(process_id)]
