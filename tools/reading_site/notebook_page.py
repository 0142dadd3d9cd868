"""Makes of a notebook the page of the reading site: with results, and with its secrets folded.

Cells that only tests need are left out, and so is what makes sense only where cells can be run.
What a cell shows of a prediction's result is folded; its tags say which guesses open it.

>>> notebook = {"cells": [
...     {"cell_type": "markdown", "source": "# Title", "metadata": {}},
...     {"cell_type": "code", "source": "assert 1", "metadata": {"tags": ["remove-cell"]}},
...     {"cell_type": "code", "source": "most.compare(3)", "metadata": {}, "outputs": []},
... ]}
>>> page = notebook_page(notebook, start="<p>Begin</p>")
>>> [cell["source"] for cell in page["cells"]]
['# Title', '<p>Begin</p>', 'most.compare(3)']
"""

import copy
import re
from typing import Any

from pubsub_lib.lab.lesson.answers import questions_of
from pubsub_lib.lab.replay.player import PLAYER_BEGINS, PLAYER_ENDS, player
from tools.reading_site.anchors import anchor, anchor_on_github
from tools.reading_site.course import repository
from tools.reading_site.guesses import Secret, predictions_in, secrets
from tools.reading_site.questions import mark, prediction_form, recall_questions
from tools.reading_site.terms import explanations_by_heading

type Notebook = dict[str, Any]
type Cell = dict[str, Any]

REMOVED = "remove-cell"
RECALL = re.compile(r'\brecall\("(\d\d)"\)')
FILM = re.compile(r'<div class="film" id="([^"]+)"')
PLAYER = re.compile(f"{PLAYER_BEGINS}.*?{PLAYER_ENDS}", re.DOTALL)
FOLDED = "What this cell has found: guess further up first"
UNFOLDED = "Fold what this cell has found"


def notebook_page(notebook: Notebook, *, start: str) -> Notebook:
    """Return the notebook as the site shows it.

    Args:
        notebook: as it is saved, with its outputs.
        start: HTML for below the title: the ways to work with the notebook.
    """
    page = copy.deepcopy(notebook)
    cells = [cell for cell in page["cells"] if not _is_left_out(cell)]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for cell, secret in zip(code, secrets(source_of(cell) for cell in code), strict=True):
        _keep_secret(cell, secret)
    for cell in code:
        _ask_again(cell)
        _renew_players(cell)
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_links(source_of(cell))
    cells.insert(1, {"cell_type": "markdown", "id": "start", "metadata": {}, "source": start})
    page["cells"] = cells
    return page


def with_links(text: str) -> str:
    """Let links lead to pages of the site.

    >>> with_links("[03](solutions/03_x.py), [all](solutions/), [law](glossary.md#littles-law)")
    "[03](solutions/03_x.md), [all](solutions/index.md), [law](<glossary.md#Little's-law>)"
    """
    text = re.sub(r"\]\(solutions/(\w+)\.py\)", r"](solutions/\1.md)", text)
    text = text.replace("](solutions/)", "](solutions/index.md)")
    text = text.replace("](../README.md)", f"]({repository()}#readme)")
    text = re.sub(r"\]\(\.\./(examples/[^)#]*)\)", rf"]({repository()}/blob/main/\1)", text)
    for term in explanations_by_heading():
        if anchor_on_github(term) != anchor(term):
            here = f"](<glossary.md#{anchor(term)}>)"
            text = text.replace(f"](glossary.md#{anchor_on_github(term)})", here)
    return text


def source_of(cell: Cell) -> str:
    """Return what a cell says: a notebook has it as a string, or as a list of lines."""
    return "".join(cell["source"])


def _is_left_out(cell: Cell) -> bool:
    only_for_tests = REMOVED in cell["metadata"].get("tags", [])
    return only_for_tests or "show_progress(" in source_of(cell)


def _keep_secret(cell: Cell, secret: Secret) -> None:
    """Fold what a cell shows if that would tell a result, and put forms where it is asked for."""
    if secret.asks:
        forms = [prediction_form(one) for one in predictions_in(source_of(cell)).values()]
        asked = {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": "".join(forms)},
        }
        cell["outputs"] = [
            asked,
            *(one for one in cell["outputs"] if one["output_type"] != "stream"),
        ]
    waits_for = secret.compares + secret.tells
    if waits_for and cell["outputs"]:
        compares = [f"compares-{mark(name)}" for name in secret.compares]
        waits = [f"waits-for-{mark(name)}" for name in waits_for]
        cell["metadata"]["tags"] = [
            *cell["metadata"].get("tags", []),
            "hide-output",
            *compares,
            *waits,
        ]
        cell["metadata"]["mystnb"] = {"code_prompt_show": FOLDED, "code_prompt_hide": UNFOLDED}


def _ask_again(cell: Cell) -> None:
    """Put the questions at the end as parts of the page, with their replies."""
    asked = RECALL.search(source_of(cell))
    if asked:
        html = recall_questions(questions_of(asked[1]))
        data = {"text/html": html, "text/plain": "Questions about this notebook."}
        cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]


def _renew_players(cell: Cell) -> None:
    """Give each film the player of today: a notebook keeps that of the day when it was saved."""
    for output in cell["outputs"]:
        html = "".join(output.get("data", {}).get("text/html", ""))
        if film := FILM.search(html):
            before, after = PLAYER.split(html)
            output["data"]["text/html"] = before + player(film[1]) + after
