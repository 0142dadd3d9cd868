"""The contracts on imports, which `make check` looks at: each fails where it is broken."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = [Path(sysconfig.get_path("scripts"), "lint-imports"), "--no-cache", "--no-logo"]

LIBRARY = "the library's floors"
LAB = "the lab's floors"
CIRCLES = "no circle of imports"
FRONT_DOORS = "the front doors are for users"
EXAMPLES = "an example stands on the library"
ON_EXAMPLES = "nothing stands on an example"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the library, with the contracts."""
    leave_out = shutil.ignore_patterns("__pycache__")
    for package in ("pubsub_lib", "examples"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=leave_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    """Return the status of `lint-imports`, and what it says, with its lines joined again."""
    run = subprocess.run(LINT_IMPORTS, cwd=folder, capture_output=True, text=True)
    return run.returncode, " ".join(run.stdout.split()) + run.stderr


def test_the_library_keeps_every_contract(copy: Path) -> None:
    status, said = lint(copy)
    assert status == 0, said
    assert " 0 broken." in said


@pytest.mark.run_all
@pytest.mark.parametrize(
    ("importer", "imported", "contract"),
    [
        # The core is without the lab and without nats, and nats without the lab.
        ("in_process/inbox", "pubsub_lib.lab.costs.timers", LIBRARY),
        ("in_process/inbox", "pubsub_lib.nats.address", LIBRARY),
        ("nats/address", "pubsub_lib.lab.costs.timers", LIBRARY),
        # What stands on any broker is not what a broker stands on.
        ("in_process/inbox", "pubsub_lib.caching.cache", LIBRARY),
        ("in_process/inbox", "pubsub_lib.topics", LIBRARY),
        ("in_process/inbox", "pubsub_lib.handlers", LIBRARY),
        ("in_process/inbox", "pubsub_lib.first_attempts.naive", LIBRARY),
        ("nats/address", "pubsub_lib.topics", LIBRARY),
        # The vocabulary knows no room.
        ("messages", "pubsub_lib.in_process.inbox", LIBRARY),
        # The lab, from the top.
        ("lab/figures/style", "pubsub_lib.lab.playground.overload", LAB),
        ("lab/exercises/checking", "pubsub_lib.lab.playground.overload", LAB),
        ("lab/traffic/workloads", "pubsub_lib.lab.figures.style", LAB),
        ("lab/traffic/workloads", "pubsub_lib.lab.lesson.tables", LAB),
        ("lab/costs/timers", "pubsub_lib.lab.traffic.workloads", LAB),
        ("lab/costs/timers", "pubsub_lib.lab.clock.stopwatch", LAB),
        # Two modules that need each other.
        ("reports", "pubsub_lib.errors", CIRCLES),
        # Behind a front door anything may be.
        ("in_process/inbox", "pubsub_lib", FRONT_DOORS),
        ("lab/costs/timers", "pubsub_lib.lab", FRONT_DOORS),
        ("lab/processes/programs", "examples.price_board.board", ON_EXAMPLES),
    ],
)
def test_an_import_against_a_contract_is_found(
    copy: Path, importer: str, imported: str, contract: str
) -> None:
    path = copy / "pubsub_lib" / f"{importer}.py"
    path.write_text(path.read_text(encoding="utf-8") + f"\nimport {imported}\n", encoding="utf-8")
    status, said = lint(copy)
    assert status == 1, said
    assert contract in said.partition("Broken contracts")[2]


def test_an_example_that_imports_the_lab_is_found(copy: Path) -> None:
    path = copy / "examples" / "price_board" / "market.py"
    source = path.read_text(encoding="utf-8")
    path.write_text(f"{source}\nimport pubsub_lib.lab.costs.timers\n", encoding="utf-8")
    status, said = lint(copy)
    assert status == 1, said
    assert EXAMPLES in said.partition("Broken contracts")[2]


@pytest.mark.parametrize(("folder", "contract"), [("", LIBRARY), ("lab/", LAB)])
def test_a_module_that_no_floor_names_is_found(copy: Path, folder: str, contract: str) -> None:
    (copy / "pubsub_lib" / f"{folder}attic.py").touch()
    status, said = lint(copy)
    assert status == 1, said
    assert "attic" in said
    assert contract in said.partition("Broken contracts")[2]
