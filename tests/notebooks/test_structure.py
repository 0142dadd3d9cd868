"""Every notebook of the course follows the template and was saved as it ran."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from .checks import CHECKS, Notebook, read, too_many_ignored_outputs

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
read_once = cache(read)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path, check: Callable[[Notebook], Iterator[str]]):
    problems = list(check(read_once(path)))
    if problems:
        pytest.fail(f"{path.name}:\n" + "\n".join(problems), pytrace=False)


def test_course_compares_nearly_all_of_its_outputs():
    problem = too_many_ignored_outputs([read_once(path) for path in NOTEBOOKS])
    if problem:
        pytest.fail(problem, pytrace=False)


def test_course_is_numbered_without_gaps():
    numbers = [path.name.partition("_")[0] for path in NOTEBOOKS]
    assert numbers == [f"{number:02}" for number in range(len(numbers))]
