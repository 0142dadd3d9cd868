"""Run notebooks in a real JupyterLab and photograph them, as a learner would see them.

    python -m tools.open_in_browser [--screenshots FOLDER] [notebook ...]

nbval talks to a kernel directly: it never queues cells as Run All does, draws no widget, and would
not notice a page that looks wrong. Works on a copy, so that no tracked file changes.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tools.kernels import neutral_environment
from tools.open_course import reading_our_settings

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 60
RUN_TIMEOUT_S = 180
VIEWPORT = {"width": 1200, "height": 1000}
TALLEST_PX = 60_000
# What only this way of starting it brings about: no token, copies that nobody vouched for, and
# pages that are closed or restarted while their kernels speak.
NO_ALARM = (
    "authentication is disabled|is not trusted|Got events for closed stream"
    "|Uncaught exception in (?:ZMQStream|zmqstream) callback"
)
#: A line of JupyterLab's log, or of a kernel's, that a learner would take for trouble.
ALARM = rf"^(?!.*(?:{NO_ALARM}))(?:\[[WE] .*|.*\bWARNING\b.*)$"
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = f"no browser: install one of {', '.join(BROWSER_NAMES)}, or name one in $CHROMIUM"
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Every cell is in the page, nothing is saved behind our back, and no dialog covers the notebook.
LAB_SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none",
        "autoStartDefaultKernel": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Light"},
}
# What JupyterLab knows about the notebook in front, all of one moment.
STATE_SCRIPT = """
() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  if (!panel?.context?.isReady || !panel.sessionContext.isReady) return null;
  return {
    kernel: panel.sessionContext.session?.kernel?.status ?? "none",
    commandIsDone: window.commandIsDone ?? true,
    cells: panel.content.widgets
      .map((widget, index) => ({ index, model: widget.model }))
      .filter(({ model }) => model.type === "code")
      .map(({ index, model }) => ({
        index,
        firstLine: model.sharedModel.getSource().split("\\n")[0],
        done: model.executionCount !== null && model.executionState !== "running",
        errors: model.outputs.toJSON()
          .filter((output) => output.output_type === "error")
          .map((output) => `${output.ename}: ${output.evalue}`),
      })),
  };
}
"""
# Returns at once; whether the command is done is part of the state above.
RUN_ALL_SCRIPT = """
() => {
  const done = () => { window.commandIsDone = true; };
  window.commandIsDone = false;
  window.jupyterapp.commands.execute("notebook:run-all-cells").then(done, done);
}
"""
# The rectangle that all cells fill, with the sidebar folded and the first cell on top.
RECTANGLE_SCRIPT = """
() => {
  const { shell } = window.jupyterapp;
  shell.collapseLeft();
  const { content } = shell.currentWidget;
  content.mode = "command";
  content.activeCellIndex = 0;
  for (const node of [content.node, ...content.node.querySelectorAll("*")]) {
    if (node.scrollTop) node.scrollTop = 0;
  }
  const panel = content.node.getBoundingClientRect();
  const cells = content.widgets.map((cell) => cell.node.getBoundingClientRect());
  const height = Math.ceil(cells.at(-1).bottom - panel.top) + 20;
  return { x: panel.left, y: panel.top, width: panel.width, height };
}
"""


class NotebookFailedError(Exception):
    """Says what went wrong in the browser."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_browser() -> str | None:
    """The browser to use; `None` if there is none, which `NO_BROWSER` explains."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSER_NAMES)), None)


@contextmanager
def jupyter_lab(folder: Path, scratch: Path) -> Iterator[str]:
    """A JupyterLab of this interpreter that shows `folder`; yields its address."""
    settings = scratch / "lab-settings"
    settings.mkdir()
    (settings / "overrides.json").write_text(json.dumps(LAB_SETTINGS), encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,  # as window.jupyterapp
        "LabApp.app_settings_dir": settings,
        "LabApp.user_settings_dir": scratch / "user-settings",
        "LabApp.workspaces_dir": scratch / "workspaces",
    }
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options["ServerApp.allow_root"] = True  # in a container
    arguments = [f"--{name}={value}" for name, value in options.items()]
    log_path = scratch / "lab.log"
    with log_path.open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments],
            cwd=folder,
            env=os.environ | reading_our_settings(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_server(server, address, log_path)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    if alarms := re.findall(ALARM, log_path.read_text(encoding="utf-8"), re.MULTILINE):
        raise NotebookFailedError("\n".join(["JupyterLab would alarm a learner:", *alarms]))


def wait_for_server(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


def wait_until_connected(page: Page) -> None:
    """Run All before the kernel is connected loses cells; no learner is quick enough for that."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while (state := page.evaluate(STATE_SCRIPT)) is None or state["kernel"] != "idle":
        if time.monotonic() > deadline:
            kernel = state["kernel"] if state else "not there"
            raise NotebookFailedError(f"no kernel within {START_TIMEOUT_S} s: it is {kernel}")
        page.wait_for_timeout(100)


def run_all(page: Page) -> None:
    """Run every cell with JupyterLab's own command, until all have run or one has failed."""
    page.evaluate(RUN_ALL_SCRIPT)
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while True:
        state = page.evaluate(STATE_SCRIPT)
        if state is None or state["kernel"] not in {"idle", "busy"}:
            status = state["kernel"] if state else "gone"
            raise NotebookFailedError(f"the kernel stopped working (its status: {status})")
        for cell in state["cells"]:
            if cell["errors"]:
                raise NotebookFailedError(f"{name_of(cell)} raised {cell['errors'][0]}")
        waiting = [cell for cell in state["cells"] if not cell["done"]]
        if state["commandIsDone"] and state["kernel"] == "idle":
            if waiting:
                raise NotebookFailedError(f"{name_of(waiting[0])} never ran")
            return
        if time.monotonic() > deadline:
            where = name_of(waiting[0]) if waiting else "Run All"
            raise NotebookFailedError(f"{where} did not finish within {RUN_TIMEOUT_S} s")
        page.wait_for_timeout(200)


def name_of(cell: dict[str, Any]) -> str:
    return f"cell {cell['index']} ({cell['firstLine']!r})"


def photograph(page: Page, path: Path) -> None:
    """Save all cells as one picture, by making the window as tall as the notebook."""
    rectangle = page.evaluate(RECTANGLE_SCRIPT)
    height = min(int(rectangle["y"] + rectangle["height"]) + 100, TALLEST_PX)
    page.set_viewport_size({"width": VIEWPORT["width"], "height": height})
    page.wait_for_timeout(500)  # for the layout to settle
    page.screenshot(path=path, clip=page.evaluate(RECTANGLE_SCRIPT))
    page.set_viewport_size(VIEWPORT)


def open_and_run(
    page: Page, address: str, name: str, picture: Path | None, *, keep_kernel: bool = False
) -> None:
    """Run one notebook from its first cell to its last, and photograph it even if it fails."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    wait_until_connected(page)
    # What the file brought along must not pass for what this run has done.
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    try:
        run_all(page)
    finally:
        if picture:
            photograph(page, picture)
        if not keep_kernel:  # the next notebook is to have the processor to itself
            shut_down_kernel(page)


def shut_down_kernel(page: Page) -> None:
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


@contextmanager
def lab_in_browser(notebooks: list[Path]) -> Iterator[tuple[Browser, str, list[Path]]]:
    """A browser, and a JupyterLab that shows a copy of the notebooks' folders.

    Yields the browser, the address, and the copies' paths below it.
    """
    executable = find_browser()
    if executable is None:
        raise NotebookFailedError(NO_BROWSER)
    with neutral_environment() as scratch, sync_playwright() as playwright:
        copies = copy_folders(notebooks, scratch / "course")
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        with jupyter_lab(scratch / "course", scratch) as address:
            yield browser, address, copies
        browser.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    parser.add_argument("--screenshots", type=Path, help="save a picture of each notebook here")
    arguments = parser.parse_args()
    originals = arguments.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    if find_browser() is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    failed = 0
    with lab_in_browser(originals) as (browser, address, copies):
        for copy in copies:
            picture = arguments.screenshots and arguments.screenshots / f"{copy.stem}.png"
            page = browser.new_page(viewport=VIEWPORT)
            started = time.perf_counter()
            try:
                open_and_run(page, address, copy.as_posix(), picture)
                outcome = "ran"
            except (NotebookFailedError, PlaywrightError) as problem:
                failed += 1
                outcome = f"FAILED: {problem}"
            print(f"{copy.name:32} {time.perf_counter() - started:5.1f} s  {outcome}", flush=True)
            page.close()
    return 1 if failed else 0


def copy_folders(notebooks: list[Path], course: Path) -> list[Path]:
    """Copy the folder of each notebook, with its images and solutions; the copies' paths."""
    copies = []
    for notebook in notebooks:
        folder = notebook.resolve().parent
        if not (course / folder.name).exists():
            leave_out = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
            shutil.copytree(folder, course / folder.name, ignore=leave_out)
        copies.append(Path(folder.name) / notebook.name)
    return copies


if __name__ == "__main__":
    sys.exit(main())
