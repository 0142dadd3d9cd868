"""The brokers against their models, and in races: with many more examples than `make test` tries.

Those are always the same ones; these are drawn at random. What fails is printed, to be repeated.
"""

import os
import subprocess
import sys

import pytest

from tests.drills import by_form

EXAMPLES = by_form(short=400, long=20_000)
LIMIT_S = by_form(short=900, long=4 * 3600)
MODULES = ["test_inbox_model", "test_ring_model", "test_races"]

pytestmark = [pytest.mark.drill, pytest.mark.timeout(LIMIT_S)]


@pytest.mark.parametrize("module", MODULES)
def test_no_order_of_operations_finds_a_difference(module: str):
    options = ["-p", "no:cacheprovider", "--color=no", f"--timeout={LIMIT_S}"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"tests/in_process/{module}.py"],
        env=os.environ | {"EXAMPLES": str(EXAMPLES)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
