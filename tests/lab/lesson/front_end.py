"""A front end for one notebook: it runs cells in a real kernel, and clicks on what they show.

It does what a page does with the messages of a kernel: an output that has an id is replaced by an
update of this id, and a widget is what its messages say.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tools.kernels import this_python

WIDGET = "application/vnd.jupyter.widget-view+json"
TIME_LIMIT_S = 60


class Cell:
    """A cell that was run, with its outputs, as notebooks have them."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []

    @property
    def text(self) -> str:
        """What is to be read, without what is empty."""
        texts = [
            one.get("text") or one.get("evalue") or one.get("data", {}).get("text/plain", "")
            for one in self.outputs
        ]
        return "\n".join(text.strip() for text in texts if text.strip())

    @property
    def kinds(self) -> list[str]:
        return [kind for one in self.outputs for kind in one.get("data", {})]


class FrontEnd:
    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager, self._client = manager, client
        self._cells: dict[str, Cell] = {}
        self._by_display_id: dict[str, list[dict[str, Any]]] = {}
        self._widgets: dict[str, dict[str, Any]] = {}

    def run(self, *sources: str) -> list[Cell]:
        """Queue cells, as Run All does, and wait until all have run."""
        sent = [self._client.execute(source, stop_on_error=False) for source in sources]
        for one in sent:
            self._cells[one] = Cell()
        self._listen_until_idle(sent[-1])
        return [self._cells[one] for one in sent]

    def click(self, cell: Cell, words: str) -> None:
        """Click on a button that a cell shows."""
        self._tell(self._shown_in(cell, description=words), {"method": "custom", "content": CLICK})

    def type(self, cell: Cell, text: str) -> None:
        """Type into the field that a cell shows."""
        state = {"method": "update", "state": {"value": text}, "buffer_paths": []}
        self._tell(self._shown_in(cell, placeholder="a number"), state)

    def enter(self, cell: Cell, text: str) -> None:
        """Type into the field that a cell shows, and press Enter, which the page tells first."""
        field = self._shown_in(cell, placeholder="a number")
        self._tell(field, {"method": "custom", "content": {"event": "submit"}})
        self.type(cell, text)

    def labels(self, cell: Cell) -> list[str]:
        """What stands on the widgets that a cell shows, from the top."""
        widgets = [self._widgets[one] for one in self._all_shown_in(cell)]
        words = [widget.get("description") or widget.get("value") for widget in widgets]
        return [str(one) for one in words if one]

    def restart(self) -> None:
        self._manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=TIME_LIMIT_S)
        self._widgets.clear()

    def _shown_in(self, cell: Cell, **state: str) -> str:
        found = [
            one for one in self._all_shown_in(cell) if state.items() <= self._widgets[one].items()
        ]
        assert len(found) == 1, f"{len(found)} widgets with {state} among {self.labels(cell)}"
        return found[0]

    def _all_shown_in(self, cell: Cell) -> list[str]:
        shown = []
        waiting = [
            output["data"][WIDGET]["model_id"]
            for output in cell.outputs
            if WIDGET in output.get("data", {})
        ]
        while waiting:
            one = waiting.pop(0)
            shown.append(one)
            children = self._widgets[one].get("children", [])
            waiting[:0] = [child.removeprefix("IPY_MODEL_") for child in children]
        return shown

    def _tell(self, widget: str, data: dict[str, Any]) -> None:
        message = self._client.session.msg("comm_msg", {"comm_id": widget, "data": data})
        self._client.shell_channel.send(message)
        self._listen_until_idle(message["header"]["msg_id"])

    def _listen_until_idle(self, request: str) -> None:
        while True:
            message = self._client.get_iopub_msg(timeout=TIME_LIMIT_S)
            content, parent = message["content"], message["parent_header"].get("msg_id")
            cell = self._cells.get(parent)
            match message["msg_type"]:
                case "status" if parent == request and content["execution_state"] == "idle":
                    return
                case "comm_open":
                    self._widgets[content["comm_id"]] = content["data"]["state"]
                case "comm_msg" if content["data"].get("method") == "update":
                    self._widgets[content["comm_id"]] |= content["data"]["state"]
                case "update_display_data":
                    for output in self._by_display_id.get(content["transient"]["display_id"], []):
                        output["data"], output["metadata"] = content["data"], content["metadata"]
                case "clear_output" if cell:
                    cell.outputs.clear()
                case "display_data" | "execute_result" | "error" | "stream" if cell:
                    cell.outputs.append(content)
                    if display_id := content.get("transient", {}).get("display_id"):
                        self._by_display_id.setdefault(display_id, []).append(content)


CLICK = {"event": "click"}


@contextmanager
def front_end(folder: Path) -> Iterator[FrontEnd]:
    """A kernel that takes itself for one of a Jupyter server, and a front end for it."""
    manager = this_python(KernelManager)
    environment = os.environ | {
        "JPY_SESSION_NAME": "a_notebook.ipynb",
        "COURSE_PROGRESS": str(folder / "progress.json"),
    }
    manager.start_kernel(cwd=str(folder), env=environment, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIME_LIMIT_S)
        yield FrontEnd(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def progress_in(folder: Path) -> dict[str, Any]:
    """What was noted of the learner until now."""
    path = folder / "progress.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
