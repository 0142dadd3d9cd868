"""A process that measures what it is asked to, with the `pubsub_lib` of another folder.

    python -m tests.benchmarks.answering FOLDER

It is what `against` starts. It says which systems it can measure, then reads requests and writes
values, all as pickles. Nothing of the library may be imported before the folder is known.
"""

import pickle
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(folder))
    import pubsub_lib

    if not Path(pubsub_lib.__file__).is_relative_to(folder):
        sys.exit(f"{folder} has no pubsub_lib")
    from .by_hand import FLOOR
    from .library import LIBRARY
    from .measuring import heap_left_alone
    from .rounds import measure_once
    from .systems import Kind

    systems = [FLOOR, *(system for system in LIBRARY if system.kind is Kind.LIBRARY)]
    offered = {system.name: system for system in systems if _is_offered(system)}
    _answer(list(offered))
    with heap_left_alone():
        for request in iter(_next_request, None):
            name, quantity, subscribers, sizes = request
            _answer(measure_once(offered[name], quantity, subscribers, sizes))


def _is_offered(system: Any) -> bool:
    """Whether the library has what this system uses; an older one may not."""
    from .measuring import verify

    offered = True
    try:
        verify(system, subscribers=1, messages=1)
    except* AttributeError:
        offered = False
    return offered


def _next_request() -> Any:
    try:
        return pickle.load(sys.stdin.buffer)
    except EOFError:
        return None


def _answer(value: object) -> None:
    pickle.dump(value, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
