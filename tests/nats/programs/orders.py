"""What the processes of `test_five_processes` send each other, and how they are told what to do."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pubsub_lib.codecs import JsonMessage


@dataclass(frozen=True, slots=True)
class Order(JsonMessage):
    """One message. Publisher and number are its identity.

    Attributes:
        publisher: which process has published it.
        number: of this publisher, from 0.
    """

    publisher: str
    number: int


async def lines() -> AsyncIterator[str]:
    """Yield what comes in on standard input, while other tasks go on."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield line.decode().strip()


def say(line: str) -> None:
    """Tell whoever has started this process."""
    print(line, flush=True)
