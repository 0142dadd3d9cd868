"""A price board: a web service whose visitors see prices move, each at a speed of its own.

Run it with `make demo`, or `python -m examples.price_board --help`. README.md says what it answers,
which parts it is made of, and why.

>>> from examples.price_board.settings import parsed
>>> parsed(["--workers", "2"]).workers
2
"""
