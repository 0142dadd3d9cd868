"""What the price board can be told: each setting is an option of the command.

>>> settings = parsed(["--overflow", "drop-oldest", "--rate", "0"])
>>> settings.overflow
<Overflow.DROP_OLDEST: 'drop oldest'>
>>> settings.rate
0.0
"""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, override

from pubsub_lib import Overflow

OVERFLOWS = {
    "disconnect": Overflow.DISCONNECT,
    "drop-oldest": Overflow.DROP_OLDEST,
    "drop-newest": Overflow.DROP_NEWEST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the board is to run.

    Attributes:
        host, port: where it listens; port 0 is any free one.
        workers: how many processes serve visitors.
        nats: the addresses of NATS servers, with commas between several; empty for that in the
            environment's `NATS_URL`; `None` for a broker within each worker.
        maxsize: the bound of each visitor's inbox, in changes.
        overflow: what happens where an inbox is full.
        rate: how many prices the market changes in a second.
        grace: how long open streams may take to end at SIGTERM, in seconds.
        visitors_per_address: how many streams one address may have, at each worker.
        send_buffer: how many bytes the system may keep for one visitor; 0 for as much as it likes.
        open: whether to open the page in a browser, where there is one.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    nats: str | None = None
    maxsize: int = 100
    overflow: Overflow = Overflow.DISCONNECT
    rate: float = 10.0
    grace: float = 5.0
    visitors_per_address: int = 1000
    send_buffer: int = 65_536
    open: bool = False


def parsed(arguments: Sequence[str]) -> Settings:
    """Return the settings that these arguments of the command ask for.

    Raises:
        SystemExit: if one is wrong; it is said on stderr, in one line.
    """
    usual = Settings()
    parser = _Parser(
        prog="price_board",
        description="A price board: every visitor sees prices move, at a speed of its own.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default=usual.host, help="the address to listen at")
    add("--port", type=_whole(0, 65_535), default=usual.port, help="0: any free one")
    add("--workers", type=_whole(1, 64), default=usual.workers, help="processes")
    add("--nats", nargs="?", const="", metavar="URL", help="without a URL: that in NATS_URL")
    add("--maxsize", type=_whole(1, 1_000_000), default=usual.maxsize, help="changes in an inbox")
    add("--overflow", choices=list(OVERFLOWS), default="disconnect", help="where an inbox is full")
    add("--rate", type=_number(0, 10_000), default=usual.rate, help="changes a second")
    add("--grace", type=_number(1, 3600), default=usual.grace, help="seconds to end streams in")
    add(
        "--visitors-per-address",
        type=_whole(1, 1_000_000),
        default=usual.visitors_per_address,
        help="streams that one address may have",
    )
    add(
        "--send-buffer",
        type=_whole(0, 2**30),
        default=usual.send_buffer,
        help="bytes that the system may keep for a visitor; 0: as much as it likes",
    )
    add("--open", action="store_true", help="open the page in a browser, where there is one")
    given = vars(parser.parse_args(arguments))
    return Settings(**given | {"overflow": OVERFLOWS[given["overflow"]]})


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return whole


def _number(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least:g} to {most:g}")
        return value

    return number
