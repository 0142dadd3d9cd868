"""What the tests of local servers share: a client without nats-py, and a process as owner."""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LIMIT_S = 10.0

# Tells of its server, and goes on when it is told to. Where the tests run in the background of a
# shell, they ignore interrupts, and beside nohup the end of a terminal; what they start would do so
# too.
OWNER = """
import os, signal, sys, time
from pubsub_lib.nats.local_server.server import NatsServer

signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
server = NatsServer()
server.start()
print(server.url, server.folder, flush=True)
"""


class Client:
    """The few words of NATS's protocol that a client needs, so that nothing has to be installed."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        parts = urlsplit(url)
        self.connection = socket.create_connection((parts.hostname, parts.port), LIMIT_S)
        self.lines = self.connection.makefile("rb")
        self.greeting = json.loads(self.lines.readline().removeprefix(b"INFO "))
        options = {"verbose": False, "auth_token": parts.username if token is None else token}
        self.send(f"CONNECT {json.dumps(options)}", "SUB answers 1")

    def send(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def is_served(self) -> bool:
        self.send("PING")
        return self.lines.readline() == b"PONG\r\n"

    def request(self, subject: str, payload: str = "") -> dict[str, Any]:
        self.send(f"PUB {subject} answers {len(payload)}", payload)
        header = self.lines.readline()
        assert header.startswith(b"MSG answers"), header
        answer: dict[str, Any] = json.loads(self.lines.readline())
        return answer

    def wait_until_cut_off(self) -> None:
        """Return when the server's process has ended, as the system closes its connections."""
        with contextlib.suppress(ConnectionError):  # a reset is an end as well
            assert self.lines.read() == b""

    def close(self) -> None:
        self.lines.close()
        self.connection.close()


Connect = Callable[..., Client]


RunOwner = Callable[[str], subprocess.Popen[str]]


def told_by(owner: subprocess.Popen[str]) -> tuple[str, Path]:
    assert owner.stdout is not None
    url, folder = owner.stdout.readline().split()
    return url, Path(folder)


def tell(owner: subprocess.Popen[str]) -> None:
    assert owner.stdin is not None
    owner.stdin.write("\n")
    owner.stdin.flush()


def is_removed(folder: Path) -> bool:
    """Whether the folder vanishes; nobody tells us when another process removes it."""
    deadline = time.monotonic() + LIMIT_S
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return not folder.exists()
