"""The README's commands, links, picture and example are real."""

import base64
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat

from tools.kernels import NOTEBOOK_BUDGET_S

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_every_link_within_the_project_leads_to_a_file():
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", prose)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_course_map_lists_every_notebook_in_order():
    rows = re.findall(r"^\| (\d\d) \| \[.+?\]\((notebooks/\S+)\) \|", README, re.MULTILINE)
    assert rows == [(path.name[:2], f"notebooks/{path.name}") for path in NOTEBOOKS]


def test_every_make_command_has_a_target():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    commands = re.findall(r"\bmake ([a-z][\w-]*)\b(?=`|  | ARGS|\n)", README)
    assert {"lab", "test", "check"} <= set(commands) <= set(targets)


def test_every_group_that_pip_is_told_to_install_is_one_of_pyproject():
    groups = re.findall(r"pip install \S*\[(\w+)\]", README)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "distributed" in groups
    assert set(groups) <= set(project["optional-dependencies"])


def test_the_time_that_a_notebook_may_take_is_the_one_that_is_checked():
    guide = (ROOT / "notebooks" / "instructors_guide.md").read_text(encoding="utf-8")
    for page in (README, guide):
        (seconds,) = re.findall(r"less than (\d+) seconds of processor time", page)
        assert int(seconds) == NOTEBOOK_BUDGET_S


def test_the_example_prints_what_was_published():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    command = [sys.executable, "-W", "error", "-c", example]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ("Hello\n", "")


def test_the_picture_is_the_one_that_a_notebook_made():
    tagged = [
        output.data["image/png"]
        for path in NOTEBOOKS
        for cell in nbformat.read(path, as_version=4).cells
        if "readme-picture" in cell.metadata.get("tags", [])
        for output in cell.outputs
        if "image/png" in output.data
    ]
    (picture,) = re.findall(r"!\[.+?\]\((\S+\.png)\)", README)
    assert [base64.b64decode(data) for data in tagged] == [(ROOT / picture).read_bytes()]
