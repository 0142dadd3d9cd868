"""Writes what Sphinx reads into a folder: the notebooks' pages, the documents, the reference."""

import json
import re
import shutil
from pathlib import Path

from pubsub_lib.lab.lesson.learners_copy import learners_copy
from tools.reading_site.course import (
    NOTEBOOKS,
    ROOT,
    minutes,
    readme_table,
    repository,
    start_links,
)
from tools.reading_site.floors import floors
from tools.reading_site.live_page import write_live_page
from tools.reading_site.notebook_page import Notebook, notebook_page, with_links
from tools.reading_site.programs import run_program
from tools.reading_site.reference import write_reference

DOCS = ROOT / "docs"
PROMISES = """[Try the policies in your browser](../live.md).

## Which broker promises what

Made from the promises that the tests try on every broker.

```{raw} html
:file: ../reference/promises.html
```"""
MERMAID = re.compile(r"```mermaid\n.*?```", re.DOTALL)


def write_sources(folder: Path) -> None:
    """Write everything that Sphinx reads."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        DOCS, folder, ignore=shutil.ignore_patterns("requirements.txt", "__pycache__", "programs")
    )
    (folder / "notebooks" / "solutions").mkdir(parents=True)
    (folder / "beside" / "downloads").mkdir(parents=True)
    for path in NOTEBOOKS:
        _write_notebook(path, folder)
        _write_solutions(path.stem, folder)
    _write_list_of_solutions(folder)
    shutil.copytree(ROOT / "notebooks" / "images", folder / "notebooks" / "images")
    for name in ("glossary", "instructors_guide", "which_broker"):
        _write_document(ROOT / "notebooks" / f"{name}.md", folder / "notebooks" / f"{name}.md")
    _add_the_promises(folder / "notebooks" / "which_broker.md")
    for name in ("CHANGELOG", "CONTRIBUTING"):
        _write_document(ROOT / f"{name}.md", folder / f"{name.lower()}.md")
    _write_document(DOCS / "architecture.md", folder / "architecture.md")
    _write_document(ROOT / "examples" / "price_board" / "README.md", folder / "price_board.md")
    _write_landing_page(folder)
    write_reference(folder / "reference")
    write_live_page(folder / "beside" / "live", folder / "live.html")


def _write_notebook(path: Path, folder: Path) -> None:
    content = path.read_bytes()
    notebook: Notebook = json.loads(content)
    links = " ".join(
        f'<a class="start" href="{address}"{" download" if name == "Download" else ""}>{name}</a>'
        for name, address in start_links(path.stem).items()
    )
    page = notebook_page(notebook, start=f'<p class="starts">{links}</p>')
    (folder / "notebooks" / path.name).write_text(json.dumps(page), encoding="utf-8")
    copy = learners_copy(path.name, content, left_out=())
    (folder / "beside" / "downloads" / path.name).write_bytes(copy)


def _write_solutions(name: str, folder: Path) -> None:
    source = (ROOT / "notebooks" / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    number, _, words = name.partition("_")
    title = f"Solutions of {number}, {words.replace('_', ' ')}"
    text = f"# {title}\n\n[Back to the notebook](../{name}.ipynb)\n\n```python\n{source}```\n"
    (folder / "notebooks" / "solutions" / f"{name}.md").write_text(text, encoding="utf-8")


def _write_list_of_solutions(folder: Path) -> None:
    names = "\n".join(path.stem for path in NOTEBOOKS)
    text = (
        "# Solutions\n\nOne way to solve each exercise. Try it yourself first: each notebook gives "
        f"hints, one at a time.\n\n```{{toctree}}\n{names}\n```\n"
    )
    (folder / "notebooks" / "solutions" / "index.md").write_text(text, encoding="utf-8")


def _write_document(path: Path, place: Path) -> None:
    text = with_links(path.read_text(encoding="utf-8"))
    text = text.replace("](docs/architecture.md)", "](architecture.md)")
    text = text.replace("](CHANGELOG.md)", "](changelog.md)")
    text = text.replace("](../../", "](")  # of an example, whose page is at the top
    text = re.sub(r"\]\((tests/[^)#]*|compose\.yaml)\)", rf"]({repository()}/blob/main/\1)", text)
    text = MERMAID.sub(lambda _: floors(), text)
    place.write_text(text, encoding="utf-8")


def _add_the_promises(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<!-- what is on the site alone -->", PROMISES), encoding="utf-8")


def _write_landing_page(folder: Path) -> None:
    index = folder / "index.md"
    text = index.read_text(encoding="utf-8")
    text = text.replace("<!-- the map of the course -->", _map()).replace(
        "<!-- the film -->", _opening_film()
    )
    index.write_text(text, encoding="utf-8")


def _map() -> str:
    taken = minutes()
    rows = [
        f"| {number} | [{_title(name)}](notebooks/{name}.ipynb) | {question} | {taken[number]} |"
        for number, name, question in readme_table()
    ]
    return "\n".join(["| | notebook | the question | minutes |", "|---|---|---|---|", *rows])


def _title(name: str) -> str:
    return name[3:].replace("_", " ").capitalize()


def _opening_film() -> str:
    """Film the first of the live page's programs."""
    source = (DOCS / "programs" / "dead_subscriber.py").read_text(encoding="utf-8")
    film = run_program(source).html
    return f'```{{raw}} html\n<div id="opening-film">{film}</div>\n```'
