"""Runs the price board: `python -m examples.price_board`, which `make demo` does."""

import signal
import sys


def main() -> int:
    """Run the command, and return the exit status."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and is not ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback, until there is an end to make
    from examples.price_board.command import run  # it takes half a second

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
