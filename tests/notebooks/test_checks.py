"""Each check passes a good notebook and names the cell of a bad one."""

import base64
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from . import checks
from .checks import CHECKS, Notebook, read, too_many_ignored_outputs

BACK_AND_ON = "[← 03 Before](03_before.ipynb) · [05 After →](05_after.ipynb)"
FIRST, SETUP, FIGURE, STUB = 0, 1, 2, 5
CAPTION = "The queue holds at most 100 messages."


def picture(size: int = 3000) -> dict[str, str]:
    return {"image/png": base64.b64encode(bytes(size)).decode(), "text/plain": CAPTION}


def good_cells() -> list[NotebookNode]:
    opening = "\n\n".join(f"**{label}:** this." for label in checks.LABELS)
    not_attempted = [new_output("stream", text="Exercise: not attempted yet")]
    return [
        new_markdown_cell(f"# 04 · Break the broker\n\n{opening}\n\n{BACK_AND_ON}"),
        new_code_cell("predict('x', 1)\npredicted = True"),
        new_code_cell("predict('y', 2)", outputs=[new_output("display_data", picture())]),
        new_markdown_cell(
            "## Try it\n\n![a queue](images/queue.png) and `[no](link)`, see"
            " [below](#In-practice) and [solutions](solutions/04_now.py)."
        ),
        new_markdown_cell("### Exercise 04.1: break it"),
        new_code_cell('answer = ...\ncheck("04.1", answer)', outputs=not_attempted),
        new_markdown_cell("### Exercise 04.2: mend it"),
        new_code_cell('check("04.2", answer)', outputs=not_attempted),
        new_markdown_cell("## In practice\n\nIt [happened](https://example.org/home/)."),
        new_markdown_cell(
            f"## What you can say now\n\nMuch.\n\n## Do you still know?\n\n{BACK_AND_ON}"
        ),
    ]


def saved(folder: Path, cells: list[NotebookNode], name: str = "04_now") -> Notebook:
    """A notebook with these cells, executed, among the files that it links."""
    directory = folder / "notebooks"
    for place in ("solutions", "images"):
        (directory / place).mkdir(parents=True, exist_ok=True)
    for file in ("../README.md", "images/queue.png", "solutions/04_now.py"):
        (directory / file).touch()
    for number, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        cell.execution_count = number
    content = new_notebook(cells=cells)
    content.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        }
    )
    for file in {"03_before", "05_after", name}:
        nbformat.write(content, directory / f"{file}.ipynb")
    return read(directory / f"{name}.ipynb")


def problems(check: Callable[[Notebook], object], notebook: Notebook) -> str:
    return "\n".join(check(notebook))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_good_notebook_passes(check, tmp_path):
    assert problems(check, saved(tmp_path, good_cells())) == ""


def replaced(index: int, old: str, new: str) -> Callable[[list[NotebookNode]], None]:
    def change(cells: list[NotebookNode]) -> None:
        assert old in cells[index].source
        cells[index].source = cells[index].source.replace(old, new)

    return change


def with_code(source: str) -> Callable[[list[NotebookNode]], None]:
    return lambda cells: cells.insert(2, new_code_cell(source))


def with_output(**output: object) -> Callable[[list[NotebookNode]], None]:
    return lambda cells: cells[SETUP].outputs.append(new_output(**output))


def with_tag(tag: str) -> Callable[[list[NotebookNode]], None]:
    return lambda cells: cells[SETUP].metadata.update(tags=[tag])


def with_a_test(source: str) -> Callable[[list[NotebookNode]], None]:
    test = new_code_cell(source, metadata={"tags": ["remove-cell"]})
    return lambda cells: cells.insert(2, test)


def removed(index: int) -> Callable[[list[NotebookNode]], None]:
    return lambda cells: cells.pop(index)


def printed(text: str) -> Callable[[list[NotebookNode]], None]:
    return with_output(output_type="stream", text=text)


# In parts, because no file of the project may name a folder of a machine.
HOME_OF_ADA = "/".join(["", "home", "ada"])
IGNORE = "# NBVAL_IGNORE_OUTPUT\n"
BECAUSE = "# because it measures real time\n"

BAD = [
    (checks.every_cell_was_executed_in_order, with_code(" "), "cell 2 ('') is empty"),
    (
        checks.no_error_is_saved,
        with_output(output_type="error", ename="ValueError", evalue="no", traceback=[]),
        "cell 1 (\"predict('x', 1)\") raised ValueError: no",
    ),
    (checks.names_no_machine, printed(f"File {HOME_OF_ADA}/x.py"), "the output of cell 1"),
    (checks.names_no_machine, printed(r"C:\Users\ada"), "the output of cell 1"),
    (checks.names_no_machine, printed("ipykernel_4711/1.py"), "the output of cell 1"),
    (checks.names_no_machine, with_code("open('/tmp/x')"), "the source of cell 2"),
    (checks.outputs_repeat, printed("<Queue at 0x7f00aa12>"), "the address 0x7f00aa12"),
    (checks.outputs_repeat, printed("<Task Task-17>"), "prints 'Task-17'"),
    (
        checks.outputs_repeat,
        with_output(output_type="execute_result", data={"text/html": "Task-2"}),
        "prints 'Task-2'",
    ),
    (checks.title_has_the_number, replaced(FIRST, "# 04", "# 4"), "'# 04 · <words"),
    (checks.title_has_the_number, replaced(3, "## Try", "# Try"), "has 2 H1 headings"),
    (
        checks.opening_tells_what_to_expect,
        replaced(FIRST, "**Time:**", "Time"),
        "lacks '**Time:**'",
    ),
    (checks.opening_tells_what_to_expect, removed(FIRST), "lacks '**What you'll do:**'"),
    (
        checks.navigation_leads_back_and_on,
        replaced(FIRST, "05_after", "06_later"),
        "cell 0 ('# 04 · Break the broker') links on to ['06_later.ipynb']",
    ),
    (checks.navigation_leads_back_and_on, replaced(9, "←", ""), "cell 9"),
    (checks.ends_with_practice_and_verdicts, replaced(8, "## In", "## Not in"), "In practice"),
    (checks.ends_with_practice_and_verdicts, replaced(9, "## What", "### What"), "end with"),
    (checks.ends_with_practice_and_verdicts, replaced(8, "https:", "http:"), "no incident"),
    (
        checks.ends_with_practice_and_verdicts,
        replaced(-1, "## Do you still know?", ""),
        "'## Do you still know?'",
    ),
    (
        checks.ends_with_practice_and_verdicts,
        replaced(3, "## Try it", "## Further: try it"),
        "'## Further: ...' after it",
    ),
    (checks.exercises_wait_to_be_attempted, removed(6), "has 1 exercises"),
    (checks.exercises_wait_to_be_attempted, replaced(6, "04.2:", "4.2:"), "### Exercise 04.2"),
    (checks.exercises_wait_to_be_attempted, replaced(STUB, '"04.1"', '"4.1"'), "no code cell"),
    (
        checks.exercises_wait_to_be_attempted,
        lambda cells: cells[STUB].outputs.clear(),
        "cell 4 ('### Exercise 04.1: break it'): the stub's output",
    ),
    (checks.asks_for_predictions, removed(SETUP), "has 1 cells with predict"),
    (checks.has_a_solution, replaced(3, "solutions/", "answers/"), "links its solutions"),
    (checks.links_resolve, replaced(3, "queue.png", "gone.png"), "images/gone.png: there is no"),
    (checks.links_resolve, replaced(3, "#In-", "#in-"), "#in-practice: that file has no such"),
    (checks.links_resolve, replaced(3, "images/", "../../"), "there is no such file"),
    (checks.cells_are_plain_python, with_code("%timeit 1"), "cell 2 ('%timeit 1')"),
    (checks.cells_are_plain_python, with_code("!ls"), "cell 2 ('!ls')"),
    (checks.cells_are_short, with_code("x = 1\n" * 31), "cell 2 ('x = 1') has 31 lines"),
    (
        checks.cells_are_short,
        lambda cells: cells.extend(new_code_cell("x = 1\n" * 30) for _ in range(9)),
        "lines on average",
    ),
    (
        checks.no_cell_nests_an_event_loop,
        with_code("import asyncio\nasyncio.run(main())"),
        "uses asyncio.run",
    ),
    (
        checks.no_cell_nests_an_event_loop,
        with_code("from asyncio import run"),
        "imports asyncio's runner",
    ),
    (
        checks.no_cell_nests_an_event_loop,
        with_code("def main():\n    import nest_asyncio\n    nest_asyncio.apply()"),
        "imports nest_asyncio",
    ),
    (
        checks.ignored_outputs_are_justified,
        with_code(f"{IGNORE}x = 1\nassert x"),
        "does not say why",
    ),
    (
        checks.ignored_outputs_are_justified,
        with_code(f"{IGNORE}{BECAUSE}x = 1"),
        "nothing checks",
    ),
    (checks.ignored_outputs_are_justified, with_tag("nbval-ignore-output"), "does not say why"),
    (checks.no_cell_is_exempt, with_code("# NBVAL_SKIP\nx = 1"), "is marked NBVAL_SKIP"),
    (checks.no_cell_is_exempt, with_tag("raises-exception"), "is marked raises-exception"),
    (
        checks.no_learner_meets_an_assert,
        with_code("for x in [1]:\n    assert x"),
        "cell 2 ('for x in [1]:') asserts; state it with holds(...)",
    ),
    (checks.a_cell_claims_little, with_code("holds('A.', 1, 1)\n" * 3), "claims 3 things, over 2"),
    (checks.claims_are_sentences, with_code("holds('it ends', 1, 1)"), "claims 'it ends'; write"),
    (checks.claims_are_sentences, with_code("holds(f'It {ends}', 1, 1)"), "to its full stop"),
    (
        checks.cells_for_tests_define_nothing_that_others_use,
        with_a_test("predict = check = None\nunused = 1\nassert unused"),
        "cell 2 ('predict = check = None') defines check, predict, which other cells use",
    ),
    (
        checks.pictures_have_captions,
        with_output(
            output_type="display_data",
            data={**picture(), "text/plain": "<Figure size 640x480 with 1 Axes>"},
        ),
        "cell 1 (\"predict('x', 1)\"): the picture's text is '<Figure",
    ),
    (
        checks.pictures_are_small,
        with_output(output_type="display_data", data=picture(300_001)),
        "a picture of 300 kB",
    ),
    (checks.file_is_small, printed("x" * 2_000_001), "has 2.0 MB"),
]


@pytest.mark.parametrize(
    ("check", "spoil", "complaint"),
    BAD,
    ids=[f"{n}-{bad[0].__name__}" for n, bad in enumerate(BAD)],
)
def test_bad_notebook_is_named(check, spoil, complaint, tmp_path):
    cells = good_cells()
    spoil(cells)
    assert complaint in problems(check, saved(tmp_path, cells))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_good_notebook_with_cells_for_tests_and_optional_sections_passes(check, tmp_path):
    cells = good_cells()
    with_a_test("unused = 1\nassert unused")(cells)
    replaced(-1, BACK_AND_ON, f"## Further: is there more?\n\n{BACK_AND_ON}")(cells)
    assert problems(check, saved(tmp_path, cells)) == ""


def test_every_check_is_seen_to_fail():
    shown_below = {checks.is_a_valid_notebook, checks.metadata_suits_every_machine}
    assert {bad[0] for bad in BAD} | shown_below == set(CHECKS)


def test_cell_out_of_order_is_named(tmp_path):
    notebook = saved(tmp_path, good_cells())
    notebook.cells[FIGURE].execution_count = 7
    complaint = problems(checks.every_cell_was_executed_in_order, notebook)
    assert "cell 2 (\"predict('y', 2)\") was saved with execution count 7, not 2" in complaint


def test_cell_never_executed_is_named(tmp_path):
    notebook = saved(tmp_path, good_cells())
    notebook.cells[SETUP].execution_count = None
    complaint = problems(checks.every_cell_was_executed_in_order, notebook)
    assert "cell 1 (\"predict('x', 1)\") was saved with execution count None" in complaint


def test_other_kernel_is_named(tmp_path):
    notebook = saved(tmp_path, good_cells())
    notebook.content.metadata.kernelspec.name = "my-venv"
    assert "'my-venv'" in problems(checks.metadata_suits_every_machine, notebook)


def test_interpreter_version_is_reported(tmp_path):
    notebook = saved(tmp_path, good_cells())
    notebook.content.metadata.language_info.version = "3.13.0"
    assert "the machine" in problems(checks.metadata_suits_every_machine, notebook)


def test_invalid_notebook_is_reported(tmp_path):
    notebook = saved(tmp_path, good_cells())
    notebook.cells[SETUP].outputs = [{"output_type": "unheard of"}]
    assert "open it in JupyterLab" in problems(checks.is_a_valid_notebook, notebook)


def test_missing_solution_is_named(tmp_path):
    notebook = saved(tmp_path, good_cells())
    notebook.solution.unlink()
    assert "there is no solutions/04_now.py" in problems(checks.has_a_solution, notebook)


def test_first_notebook_has_no_link_back_and_last_may_lead_to_the_readme(tmp_path):
    cells = good_cells()
    for index in (0, -1):
        cells[index].source = cells[index].source.replace(
            BACK_AND_ON, "[the README →](../README.md)"
        )
    notebook = saved(tmp_path, cells)
    alone = Notebook(notebook.path, notebook.content, (notebook.path,))
    assert problems(checks.navigation_leads_back_and_on, alone) == ""


def test_runner_in_the_source_of_a_child_process_is_fine(tmp_path):
    cells = good_cells()
    with_code('program = "import nest_asyncio, asyncio; asyncio.run(main())"')(cells)
    assert problems(checks.no_cell_nests_an_event_loop, saved(tmp_path, cells)) == ""


def test_ignored_output_with_reason_and_assertion_in_the_next_cell_is_fine(tmp_path):
    cells = good_cells()
    with_code("assert x > 1")(cells)
    with_code(f"{IGNORE}{BECAUSE}x = measure()")(cells)
    assert problems(checks.ignored_outputs_are_justified, saved(tmp_path, cells)) == ""


def test_link_to_a_heading_of_another_notebook_resolves(tmp_path):
    cells = good_cells()
    cells[3].source += "\n\n[there](05_after.ipynb#What-you-can-say-now)"
    assert problems(checks.links_resolve, saved(tmp_path, cells)) == ""


def test_one_ignored_output_in_twenty_is_allowed(tmp_path):
    cells = [new_code_cell(f"{IGNORE}x = 1"), *(new_code_cell("x = 2") for _ in range(19))]
    assert too_many_ignored_outputs([saved(tmp_path, cells)]) == ""


def test_two_ignored_outputs_in_twenty_are_named(tmp_path):
    cells = [new_code_cell("x = 2") for _ in range(20)]
    cells[3].source = cells[7].source = f"{IGNORE}x = 1"
    complaint = too_many_ignored_outputs([saved(tmp_path, cells)])
    assert "2 of 20 code cells" in complaint
    assert "04_now.ipynb cell 7" in complaint
