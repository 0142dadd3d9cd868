"""Clients of a local server, and processes that own one; all are gone after the test."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.nats.local_server.owning import OWNER, Client, Connect


@pytest.fixture
def connect() -> Iterator[Connect]:
    clients: list[Client] = []

    def connect(url: str, **options: str) -> Client:
        clients.append(Client(url, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def run_owner() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    owners: list[subprocess.Popen[str]] = []

    def run(rest: str) -> subprocess.Popen[str]:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER + rest],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        owners.append(owner)
        return owner

    yield run
    for owner in owners:
        owner.kill()
        owner.communicate()
