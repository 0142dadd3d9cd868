"""Queues all cells of a notebook at once, as JupyterLab's Run All does, and says what went wrong.

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

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from pubsub_lib.lab.lesson.copies import Copies
from tools.kernels import this_python

from .checks import read

#: For a notebook, on a machine that may be busy.
TIME_LIMIT_S = 120
ANSWER_LIMIT_S = 60


def copies_of(course: Path, folder: Path) -> Path:
    """Make the copies of a learner who begins."""
    copies = Copies(course)
    copies.folder = folder
    copies.update()
    return folder


def run_notebook(path: Path, time_limit_s: float = TIME_LIMIT_S) -> list[str]:
    """Run All in a notebook, and say what went wrong."""
    notebook = read(path)
    sources = {notebook.named(index): cell.source for index, cell in notebook.code}
    return run_all(sources, path.parent, time_limit_s)


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
    deadline = time.monotonic() + ANSWER_LIMIT_S
    while time.monotonic() < deadline:
        reply = next_reply(client)
        if reply is not None and reply["parent_header"]["msg_id"] == question:
            expression = reply["content"].get("user_expressions", {}).get("sum", {})
            return expression.get("data", {}).get("text/plain") == "2"
    return False
