"""The glossary explains what the notebooks link to it, and the instructor's guide fits them."""

import re
from functools import cache
from pathlib import Path

import pytest

from .checks import CODE_SPAN, LINK, Notebook, anchors_of, link_problem, read, without_code

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
GLOSSARY = FOLDER / "glossary.md"
GUIDE = FOLDER / "instructors_guide.md"

TERM = re.compile(r"^## (.+)$", re.MULTILINE)
BOLD = re.compile(r"\*\*(?P<words>.+?)\*\*(?:\]\(glossary\.md#(?P<anchor>[^)]+)\))?")
LINK_TO_GLOSSARY = re.compile(r"\]\(glossary\.md#([^)]+)\)")
MINUTES = re.compile(r"\*\*Time:\*\* (\d+) minutes")
ROW = re.compile(r"^\| \[(\d\d) [^\]]+\]\(([^)]+)\) \| (\d+) \|", re.MULTILINE)

read_once = cache(read)


def prose(notebook: Notebook) -> str:
    return "\n".join(without_code(cell.source) for _, cell in notebook.markdown)


@cache
def course() -> str:
    return "\n".join(prose(read_once(path)) for path in NOTEBOOKS)


def terms() -> list[str]:
    return TERM.findall(GLOSSARY.read_text(encoding="utf-8"))


def guide_rows() -> list[tuple[str, str, str]]:
    """Number, file and minutes of each notebook in the guide's table."""
    return ROW.findall(GUIDE.read_text(encoding="utf-8"))


def test_terms_are_sorted_and_each_is_there_once():
    keys = [term.casefold() for term in terms()]
    assert keys
    assert keys == sorted(set(keys))


def test_every_term_is_linked_from_the_course_and_every_link_names_a_term():
    linked = LINK_TO_GLOSSARY.findall(course())
    anchors = anchors_of(GLOSSARY, read_once(NOTEBOOKS[0])) - {"glossary"}
    assert len(anchors) == len(terms())
    assert set(linked) == anchors


def test_every_term_is_explained_and_leads_to_a_notebook():
    sections = TERM.split(GLOSSARY.read_text(encoding="utf-8"))[1:]
    for term, text in zip(sections[::2], sections[1::2], strict=True):
        *explanation, link = text.strip().splitlines()
        assert " ".join(explanation).endswith("."), f"{term} lacks a sentence"
        assert re.fullmatch(r"\[\d\d, .+\]\(\d\d_\w+\.ipynb#.+\)", link), f"{term} leads nowhere"


def test_a_term_is_linked_where_it_is_first_set_in_bold():
    first: dict[str, re.Match[str]] = {}
    for match in BOLD.finditer(course()):
        first.setdefault(match["words"].casefold(), match)
    terms_in_bold = {
        match["words"].casefold() for match in BOLD.finditer(course()) if match["anchor"]
    }
    late = sorted(words for words in terms_in_bold if not first[words]["anchor"])
    assert late == [], "in bold, without a link, before the link to the glossary"


@pytest.mark.parametrize("page", [GLOSSARY, GUIDE], ids=lambda page: page.stem)
def test_every_link_of_a_page_resolves(page: Path):
    text = CODE_SPAN.sub("", without_code(page.read_text(encoding="utf-8")))
    targets = [next(filter(None, match.groups())) for match in LINK.finditer(text)]
    # As seen from a notebook, which lies in the same folder.
    inside = [page.name + target if target.startswith("#") else target for target in targets]
    problems = {target: link_problem(target, read_once(NOTEBOOKS[0])) for target in inside}
    assert problems
    assert {target: problem for target, problem in problems.items() if problem} == {}


def test_the_guide_has_a_row_for_every_notebook_with_its_minutes():
    minutes = {
        path.name: match[1]
        for path in NOTEBOOKS
        if (match := MINUTES.search(read_once(path).cells[0].source))
    }
    assert len(minutes) == len(NOTEBOOKS)
    assert guide_rows() == [(name[:2], name, time) for name, time in minutes.items()]


def test_the_guide_says_of_every_notebook_what_to_ask():
    text = GUIDE.read_text(encoding="utf-8")
    headings = re.findall(r"^### (\d\d) ", text, re.MULTILINE)
    assert headings == [number for number, _, _ in guide_rows()]
    sections = re.split(r"^### .*$", text, flags=re.MULTILINE)[1:]
    labels = ["**Ask:**", "**Often believed:**", "**Run live:**", "**Skip:**"]
    for number, section in zip(headings, sections, strict=True):
        for label in labels:
            assert section.count(label) == 1, f"{number} has no {label}"


@pytest.mark.parametrize("page", ["glossary.md", "instructors_guide.md"])
def test_a_page_can_be_reached_from_the_first_notebook_and_the_readme(page: str):
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert f"](notebooks/{page})" in readme
    assert f"]({page})" in prose(read_once(NOTEBOOKS[0]))
