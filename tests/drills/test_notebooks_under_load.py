"""No notebook ends in an exception while four busy loops have both processors.

A claim about real time says then that it could not be seen. What is run is the learner's copy, all
of its cells queued at once.
"""

from pathlib import Path

import pytest

from pubsub_lib.nats.local_server.server import why_no_server
from tests.drills import by_form
from tests.drills.busy_machine import busy_machine
from tests.notebooks.running_all import copies_of, run_notebook
from tests.notebooks.test_structure import NOTEBOOKS
from tools.kernels import needs_server

TIMES = by_form(short=1, long=10)
BUSY_LOOPS = 4
# A notebook takes less than 20 s of processor time, and gets a sixth of what a quiet machine gives.
LIMIT_S = 300

pytestmark = [pytest.mark.drill, pytest.mark.timeout(TIMES * (LIMIT_S + 60))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_to_its_end_beside_busy_loops(path: Path, tmp_path: Path):
    if needs_server(path) and (reason := why_no_server(of_our_own=True)):
        pytest.skip(reason)
    copies = copies_of(path.parents[1], tmp_path)
    with busy_machine(loops=BUSY_LOOPS):
        problems = [
            f"run {number}: {problem}"
            for number in range(1, TIMES + 1)
            for problem in run_notebook(copies / path.name, LIMIT_S)
        ]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
