"""Every notebook also works when all its cells are queued at once, as JupyterLab's Run All does.

What is run is the learner's copy, without the cells that only tests need, and among copies of which
none was run before.

nbval waits for each cell before it sends the next, and so never meets what a learner meets: with a
nested event loop, queued cells get lost or the kernel hangs, while nbval stays green.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from pubsub_lib.lab.lesson.copies import Copies
from pubsub_lib.nats.local_server.server import why_no_server
from tools.kernels import needs_server, this_python

from .checks import read
from .test_structure import NOTEBOOKS

TIME_LIMIT_S = 120
# Until its kernel has started, a minute may go by.
pytestmark = [pytest.mark.run_all, pytest.mark.timeout(TIME_LIMIT_S + 120)]


@contextmanager
def running_kernel(folder: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager = this_python(KernelManager)
    manager.start_kernel(cwd=str(folder), stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run_all(sources: dict[str, str], folder: Path, time_limit_s: float = TIME_LIMIT_S) -> list[str]:
    """Queue these cells, named by the keys, and say what went wrong."""
    with running_kernel(folder) as (manager, client):
        waiting = {
            client.execute(source, stop_on_error=True, allow_stdin=False): name
            for name, source in sources.items()
        }
        problems = []
        deadline = time.monotonic() + time_limit_s
        while waiting:
            reply = next_reply(client)
            if reply is not None:
                name = waiting.pop(reply["parent_header"]["msg_id"], None)
                if name is not None and reply["content"]["status"] != "ok":
                    problems.append(f"{name}: {outcome(reply)}")
            elif not manager.is_alive():
                return [*problems, f"{next(iter(waiting.values()))}: the kernel died"]
            elif time.monotonic() > deadline:
                unfinished = ", ".join(waiting.values())
                return [*problems, f"no reply within {time_limit_s:.0f} s from {unfinished}"]
        if not answers(client):
            problems.append("the kernel does not answer any more after the last cell")
    return problems


def next_reply(client: BlockingKernelClient) -> dict[str, Any] | None:
    try:
        return client.get_shell_msg(timeout=1)
    except Empty:
        return None


def outcome(reply: dict[str, Any]) -> str:
    content = reply["content"]
    if content["status"] == "error":
        return f"{content['ename']}: {content['evalue']}"
    return "not run, because an earlier cell failed"


def answers(client: BlockingKernelClient) -> bool:
    """Whether the kernel is still good for one more question."""
    question = client.execute("", user_expressions={"sum": "1 + 1"})
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        reply = next_reply(client)
        if reply is not None and reply["parent_header"]["msg_id"] == question:
            expression = reply["content"].get("user_expressions", {}).get("sum", {})
            return expression.get("data", {}).get("text/plain") == "2"
    return False


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a learner who begins."""
    copies = Copies(NOTEBOOKS[0].parents[1])
    copies.folder = tmp_path_factory.mktemp("my_course")
    copies.update()
    return copies.folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_all_cells_run_when_queued_at_once(path: Path, copies: Path):
    if needs_server(path) and (reason := why_no_server(of_our_own=True)):
        pytest.skip(reason)
    notebook = read(copies / path.name)
    sources = {notebook.named(index): cell.source for index, cell in notebook.code}
    problems = run_all(sources, copies)
    if problems:
        pytest.fail(f"{path.name}:\n" + "\n".join(problems), pytrace=False)


def test_good_cells_pass(tmp_path):
    sources = {"first": "import asyncio\nawait asyncio.sleep(0.01)", "second": "1 + 1"}
    assert run_all(sources, tmp_path) == []


def test_cell_that_raises_is_named_and_those_after_it(tmp_path):
    sources = {"first": "x = 1", "second": "1 / 0", "third": "x"}
    assert run_all(sources, tmp_path) == [
        "second: ZeroDivisionError: division by zero",
        "third: not run, because an earlier cell failed",
    ]


def test_cell_that_kills_the_kernel_is_named(tmp_path):
    sources = {"first": "x = 1", "second": "import os\nos._exit(1)", "third": "x"}
    assert run_all(sources, tmp_path) == ["second: the kernel died"]


def test_cell_that_waits_for_ever_is_named(tmp_path):
    sources = {"first": "import asyncio", "second": "await asyncio.Event().wait()", "third": "1"}
    problems = run_all(sources, tmp_path, time_limit_s=3)
    assert problems == ["no reply within 3 s from second, third"]
