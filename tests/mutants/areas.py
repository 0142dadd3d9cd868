"""The parts of the library that are mutated, each with the tests that are to notice it."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "pubsub_lib"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the library.

    Attributes:
        modules: its files and folders below `pubsub_lib/`; of a folder, what is directly in it.
        tests: what holds its tests, beside the examples in its own documentation.
        leaving_out: which of them are for others, as pytest's `-k` has it.
        wanted: the share of the mutants, of those that are not equivalent, that is to be killed.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    leaving_out: str = ""
    wanted: float

    @property
    def paths(self) -> list[Path]:
        """Its modules."""
        return [path for name in self.modules for path in modules_in(LIBRARY / name)]

    @property
    def options(self) -> list[str]:
        """What pytest is told to collect."""
        return ["-k", self.leaving_out, *map(str, self.paths), *self.tests]


def modules_in(path: Path) -> list[Path]:
    """Return the modules that are directly in a folder, or the one that is named itself."""
    return sorted(path.glob("*.py")) if path.is_dir() else [path]


IN_PROCESS = Area(
    modules=("in_process", "handlers.py", "topics.py", "subjects.py", "caching"),
    tests=(
        *("tests/in_process", "tests/caching", "tests/test_contract.py", "tests/test_handlers.py"),
        *("tests/test_interfaces.py", "tests/test_subjects.py", "tests/test_topics.py"),
        "tests/test_copies.py",
    ),
    leaving_out="not Nats and not JetStream",
    wanted=0.95,
)
# A real server answers these tests. What runs in another process, as `nats/local_server/guard.py`
# does, cannot be mutated in this one.
NATS = Area(
    modules=("nats",),
    tests=("tests/nats", "--ignore=tests/nats/jetstream", "--ignore=tests/nats/local_server"),
    wanted=0.9,
)
NATS_CORE = Area(modules=("nats/core",), tests=("tests/nats/core",), wanted=0.9)
JETSTREAM = Area(modules=("nats/jetstream",), tests=("tests/nats/jetstream",), wanted=0.9)
AREAS = (IN_PROCESS, NATS, NATS_CORE, JETSTREAM)


def area_of(paths: list[Path]) -> Area:
    """Return the area that these modules are in.

    Raises:
        ValueError: if there is none that has them all.
    """
    for area in AREAS:
        if all(path in area.paths for path in paths):
            return area
    areas = "; ".join(", ".join(area.modules) for area in AREAS)
    raise ValueError(f"name modules of one area, which are, below pubsub_lib/: {areas}")


def part(text: str) -> tuple[int, int]:
    """Return which part it is and of how many: of "1/4", 1 and 4.

    Raises:
        ValueError: if there is no such part.
    """
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of
