"""What every notebook has in common, as functions that list what is wrong and how to mend it.

A learner who has read one notebook should find their way in all others, and a notebook that was
saved half-executed would pass nbval with nothing compared. Neither shows when cells are run, so
both are checked here. Cells are numbered from 0, Markdown included.
"""

import ast
import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

from pubsub_lib.lab.lesson.learners_copy import REMOVED

# The template.
LABELS = ("What you'll do", "What you'll learn", "What you'll need", "Time")
CLOSING_HEADINGS = ["In practice", "What you can say now", "Do you still know?"]
FURTHER = "Further: "
NOT_ATTEMPTED = "not attempted yet"
LEAST_EXERCISES = 2
LEAST_PREDICTIONS = 2
README = "../README.md"

# The limits.
MOST_CLAIMS = 2
MOST_LINES = 30
AVERAGE_LINES = 20
MOST_PICTURE_BYTES = 300_000
MOST_NOTEBOOK_BYTES = 2_000_000
MOST_IGNORED_SHARE = 0.05

# In these, what is bound stays inside.
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

IGNORE_MARKERS = {"NBVAL_IGNORE_OUTPUT", "PYTEST_VALIDATE_IGNORE_OUTPUT"}
FORBIDDEN_MARKERS = {"NBVAL_SKIP", "NBVAL_RAISES_EXCEPTION"}
FORBIDDEN_TAGS = {"nbval-skip", "nbval-raises-exception", "raises-exception", "skip-execution"}
REASON = "# because "
REFRESH = "execute it again with `make refresh`"

WEB_ADDRESS = re.compile(r"https?://\S+")
MACHINE_PATH = re.compile(
    r"/(?:home|root|tmp|Users|var/folders)/|[A-Za-z]:\\+Users|ipykernel_\d+|site-packages"
)
OBJECT_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
TASK_NAME = re.compile(r"\bTask-\d+")
FENCED_CODE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?[^)]*\)"  # [text](target "title") and ![image](target)
    r"|^ {0,3}\[[^\]]+\]:\s*(\S+)"  # [label]: target
    r"|(?:href|src)=[\"']([^\"']+)[\"']",
    re.MULTILINE,
)
HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$", re.MULTILINE)
EXERCISE = re.compile(r"Exercise (\d\d)\.(\d+): .+")


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    cell: int


@dataclass(frozen=True)
class Notebook:
    """A notebook, and the files it stands among."""

    path: Path
    content: NotebookNode
    course: tuple[Path, ...]

    @property
    def number(self) -> str:
        return self.path.name[:2]

    @property
    def root(self) -> Path:
        return self.path.parent.parent

    @property
    def solution(self) -> Path:
        return self.path.parent / "solutions" / f"{self.path.stem}.py"

    @property
    def cells(self) -> list[NotebookNode]:
        return self.content.cells

    @property
    def code(self) -> list[tuple[int, NotebookNode]]:
        return [(index, cell) for index, cell in enumerate(self.cells) if cell.cell_type == "code"]

    @property
    def markdown(self) -> list[tuple[int, NotebookNode]]:
        return [
            (index, cell) for index, cell in enumerate(self.cells) if cell.cell_type == "markdown"
        ]

    @cached_property
    def headings(self) -> list[Heading]:
        return [
            Heading(len(marks), text, index)
            for index, cell in self.markdown
            for marks, text in HEADING.findall(without_code(cell.source))
        ]

    def named(self, index: int) -> str:
        """The cell's number and its first line, for whoever has to find it."""
        first_line = self.cells[index].source.strip().partition("\n")[0]
        return f"cell {index} ({first_line[:60]!r})"


def read(path: Path) -> Notebook:
    content = nbformat.read(path, as_version=4)
    return Notebook(path, content, tuple(sorted(path.parent.glob("*.ipynb"))))


def without_code(markdown: str) -> str:
    """Markdown without its code, where a `#` is no heading."""
    return FENCED_CODE.sub("", markdown)


def texts(output: NotebookNode) -> Iterator[str]:
    """Everything in an output that a reader, or nbval, sees as text."""
    if output.output_type == "stream":
        yield output.text
    elif output.output_type == "error":
        yield "\n".join(output.traceback)
    else:
        for kind, data in output.data.items():
            if isinstance(data, str) and (kind.startswith("text/") or kind == "image/svg+xml"):
                yield data


def saved_text(cell: NotebookNode) -> str:
    return "\n".join(text for output in cell.outputs for text in texts(output))


def syntax_tree(cell: NotebookNode) -> ast.Module:
    """The cell as Python; empty if it is none, which `cells_are_plain_python` reports."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def comments(cell: NotebookNode) -> list[str]:
    """The lines that nbval reads markers from."""
    lines = [line.strip() for line in cell.source.splitlines()]
    return [line.lstrip("#").strip() for line in lines if line.startswith("#")]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def ignores_output(cell: NotebookNode) -> bool:
    ignoring_tags = {marker.lower().replace("_", "-") for marker in IGNORE_MARKERS}
    return bool(IGNORE_MARKERS & set(comments(cell)) or ignoring_tags & tags(cell))


# Executed, and saved as it ran.


def is_a_valid_notebook(notebook: Notebook) -> Iterator[str]:
    try:
        nbformat.validate(notebook.content)
    except nbformat.ValidationError as error:
        yield f"{error.message}; open it in JupyterLab and save it"


def every_cell_was_executed_in_order(notebook: Notebook) -> Iterator[str]:
    for expected, (index, cell) in enumerate(notebook.code, start=1):
        if not cell.source.strip():
            yield f"{notebook.named(index)} is empty; delete it"
        elif cell.execution_count != expected:
            yield (
                f"{notebook.named(index)} was saved with execution count {cell.execution_count},"
                f" not {expected}, so nbval might compare nothing; {REFRESH}"
            )


def no_error_is_saved(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.code:
        for output in cell.outputs:
            if output.output_type == "error":
                yield (
                    f"{notebook.named(index)} raised {output.ename}: {output.evalue}; to show an"
                    " error, catch it and print it"
                )


def metadata_suits_every_machine(notebook: Notebook) -> Iterator[str]:
    metadata = notebook.content.metadata
    kernel = metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        yield f"its kernel is {kernel!r}, not 'python3'; {REFRESH}"
    if set(metadata) - {"kernelspec", "language_info"} or set(metadata.language_info) != {"name"}:
        yield f"its metadata tells about the machine that saved it; {REFRESH}"


def names_no_machine(notebook: Notebook) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        places = [("source", cell.source)]
        if cell.cell_type == "code":
            places.append(("output", saved_text(cell)))
        for place, text in places:
            if found := MACHINE_PATH.search(WEB_ADDRESS.sub("", text)):
                yield (
                    f"the {place} of {notebook.named(index)} has a path of one machine"
                    f" ({found[0]!r}); print the name of a file, not where it lies"
                )


def outputs_repeat(notebook: Notebook) -> Iterator[str]:
    """Addresses and task numbers differ in the next run."""
    for index, cell in notebook.code:
        text = saved_text(cell)
        if found := OBJECT_ADDRESS.search(text):
            yield f"{notebook.named(index)} prints the address {found[0]}; give the object a repr"
        if found := TASK_NAME.search(text):
            yield f"{notebook.named(index)} prints {found[0]!r}; name the task when creating it"


# The template.


def title_has_the_number(notebook: Notebook) -> Iterator[str]:
    titles = [heading for heading in notebook.headings if heading.level == 1]
    if [heading.cell for heading in titles] != [0]:
        yield f"has {len(titles)} H1 headings; the title, in cell 0, is to be the only one"
    expected = rf"{re.escape(notebook.number)} · \S.*"
    if titles and not re.fullmatch(expected, titles[0].text):
        yield (
            f"{notebook.named(titles[0].cell)}: the title is to read"
            f" '# {notebook.number} · <words with a verb>', as the file's number says"
        )


def opening_tells_what_to_expect(notebook: Notebook) -> Iterator[str]:
    first = notebook.cells[0]
    for label in LABELS:
        if first.cell_type != "markdown" or not re.search(rf"\*\*{label}:?\*\*", first.source):
            yield f"{notebook.named(0)} lacks '**{label}:**'; say it below the title"


def navigation_leads_back_and_on(notebook: Notebook) -> Iterator[str]:
    position = notebook.course.index(notebook.path)
    is_first, is_last = position == 0, position == len(notebook.course) - 1
    back = "" if is_first else notebook.course[position - 1].name
    on = README if is_last else notebook.course[position + 1].name
    for index, cell in (notebook.markdown[0], notebook.markdown[-1]):
        back_links = re.findall(r"\[←[^\]]*\]\(([^)]+)\)", cell.source)
        on_links = re.findall(r"\[[^\]]*→\]\(([^)]+)\)", cell.source)
        if back_links != ([back] if back else []):
            wanted = f"one link '[← {back[:2]} Title]({back})'" if back else "no link back"
            yield f"{notebook.named(index)} links back to {back_links}; it is to have {wanted}"
        if on_links != [on] and not (is_last and not on_links):
            yield (
                f"{notebook.named(index)} links on to {on_links}; it is to have one link"
                f" '[{'README' if is_last else on[:2] + ' Title'} →]({on})'"
            )


def ends_with_practice_and_verdicts(notebook: Notebook) -> Iterator[str]:
    sections = [heading for heading in notebook.headings if heading.level == 2]
    core = [heading for heading in sections if not heading.text.startswith(FURTHER)]
    last = [heading.text for heading in core[-len(CLOSING_HEADINGS) :]]
    if last != CLOSING_HEADINGS or sections[: len(core)] != core:
        wanted = " and ".join(f"'## {text}'" for text in CLOSING_HEADINGS)
        last = [heading.text for heading in sections[-len(CLOSING_HEADINGS) :]]
        yield f"its last H2 headings are {last}; end with {wanted}, and '## {FURTHER}...' after it"
        return
    practice, verdicts, *_ = core[-len(CLOSING_HEADINGS) :]
    story = "\n".join(
        notebook.cells[index].source for index in range(practice.cell, verdicts.cell + 1)
    )
    story = story.partition(f"## {practice.text}")[2].partition(f"## {verdicts.text}")[0]
    if "https://" not in story:
        yield f"{notebook.named(practice.cell)} links no incident; give its https address"


def exercises_wait_to_be_attempted(notebook: Notebook) -> Iterator[str]:
    found = 0
    for heading, cells in sections_of_level_3(notebook):
        if not heading.text.startswith("Exercise"):
            continue
        found += 1
        name = f"{notebook.number}.{found}"
        match = EXERCISE.fullmatch(heading.text)
        if not match or f"{match[1]}.{match[2]}" != name:
            yield f"{notebook.named(heading.cell)}: call it '### Exercise {name}: <what to do>'"
            continue
        stubs = [
            cell
            for _, cell in cells
            if cell.cell_type == "code" and f'check("{name}"' in cell.source
        ]
        if not stubs:
            yield f'{notebook.named(heading.cell)} has no code cell that calls check("{name}", ...)'
        elif not any(NOT_ATTEMPTED in saved_text(stub) for stub in stubs):
            yield (
                f"{notebook.named(heading.cell)}: the stub's output does not say"
                f" {NOT_ATTEMPTED!r}; save the stub, not an answer"
            )
    if found < LEAST_EXERCISES:
        yield (
            f"has {found} exercises, at least {LEAST_EXERCISES} are wanted:"
            f" '### Exercise {notebook.number}.{found + 1}: <what to do>'"
        )


def sections_of_level_3(
    notebook: Notebook,
) -> Iterator[tuple[Heading, list[tuple[int, NotebookNode]]]]:
    """Each H3 with the cells below it, up to the next heading of its level or above."""
    borders = [heading for heading in notebook.headings if heading.level <= 3]
    for position, heading in enumerate(borders):
        following = borders[position + 1 :]
        end = following[0].cell if following else len(notebook.cells)
        if heading.level == 3:
            yield heading, list(enumerate(notebook.cells))[heading.cell + 1 : end]


def asks_for_predictions(notebook: Notebook) -> Iterator[str]:
    found = sum("predict(" in cell.source for _, cell in notebook.code)
    if found < LEAST_PREDICTIONS:
        yield f"has {found} cells with predict(...), at least {LEAST_PREDICTIONS} are wanted"


def has_a_solution(notebook: Notebook) -> Iterator[str]:
    name = f"solutions/{notebook.solution.name}"
    if not notebook.solution.exists():
        yield f"there is no {name}; write it"
    if not any(f"]({name})" in cell.source for _, cell in notebook.markdown):
        yield f"no Markdown cell links its solutions; add '[solutions]({name})'"


def links_resolve(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.markdown:
        prose = CODE_SPAN.sub("", without_code(cell.source))
        for match in LINK.finditer(prose):
            target = next(filter(None, match.groups()))
            problem = link_problem(target, notebook)
            if problem:
                yield f"{notebook.named(index)} links to {target}: {problem}"


def link_problem(target: str, notebook: Notebook) -> str:
    """What is wrong with a link; nothing if it leads out of the project."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("attachment:"):
        return ""
    place, _, anchor = unquote(target).partition("#")
    path = (notebook.path.parent / place).resolve() if place else notebook.path
    if not path.exists() or not path.is_relative_to(notebook.root.resolve()):
        return "there is no such file in the project; mend the path"
    if anchor and anchor not in anchors_of(path, notebook):
        return "that file has no such heading; write it as JupyterLab does, `#Its-very-words`"
    return ""


def anchors_of(path: Path, notebook: Notebook) -> set[str]:
    """The headings of a file as they stand in an address."""
    if path.suffix == ".ipynb":
        linked = notebook if path == notebook.path else read(path)
        return {plain(heading.text).replace(" ", "-") for heading in linked.headings}
    if path.suffix == ".md":
        headings = HEADING.findall(without_code(path.read_text(encoding="utf-8")))
        words = (re.sub(r"[^\w\- ]", "", plain(text).lower()) for _, text in headings)
        return {text.replace(" ", "-") for text in words}
    return set()


def plain(heading: str) -> str:
    """A heading as it is displayed, without its markup."""
    return re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading)


# The code.


def cells_are_plain_python(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.code:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"{notebook.named(index)}: {error.msg}; use Python, no `%` or `!`"


def cells_are_short(notebook: Notebook) -> Iterator[str]:
    lengths = [len(cell.source.splitlines()) for _, cell in notebook.code]
    for (index, _), length in zip(notebook.code, lengths, strict=True):
        if length > MOST_LINES:
            yield (
                f"{notebook.named(index)} has {length} lines, over {MOST_LINES}; split it, or move"
                " what is no lesson into the library"
            )
    if lengths and sum(lengths) / len(lengths) >= AVERAGE_LINES:
        average = sum(lengths) / len(lengths)
        yield f"its code cells have {average:.0f} lines on average; stay under {AVERAGE_LINES}"


def no_cell_nests_an_event_loop(notebook: Notebook) -> Iterator[str]:
    """It hangs the kernel when cells are queued; in a string, for a child process, it is fine."""
    remedy = "use a top-level await, or run it in a child process"
    for index, cell in notebook.code:
        for node in ast.walk(syntax_tree(cell)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = {alias.name for alias in node.names}
                if isinstance(node, ast.ImportFrom):
                    modules = {f"{node.module}.{name}" for name in modules} | {str(node.module)}
                if any(module.startswith("nest_asyncio") for module in modules):
                    yield f"{notebook.named(index)} imports nest_asyncio; {remedy}"
                if modules & {"asyncio.run", "asyncio.Runner"}:
                    yield f"{notebook.named(index)} imports asyncio's runner; {remedy}"
            elif isinstance(node, ast.Attribute) and (
                ast.unparse(node) in {"asyncio.run", "asyncio.Runner"}
                or node.attr == "run_until_complete"
            ):
                yield f"{notebook.named(index)} uses {ast.unparse(node)}; {remedy}"


def ignored_outputs_are_justified(notebook: Notebook) -> Iterator[str]:
    for position, (index, cell) in enumerate(notebook.code):
        if not ignores_output(cell):
            continue
        if not gives_a_reason(cell):
            yield (
                f"{notebook.named(index)} ignores its output and does not say why; write"
                f" '{REASON}...' on the line after the marker"
            )
        asserting = [cell for _, cell in notebook.code[position : position + 2]]
        nodes = [node for cell in asserting for node in ast.walk(syntax_tree(cell))]
        if not any(isinstance(node, ast.Assert) or is_claim(node) for node in nodes):
            yield (
                f"{notebook.named(index)} ignores its output and nothing checks what the prose"
                " says about it; claim it there or in the next code cell"
            )


def is_claim(node: ast.AST) -> bool:
    """Whether something calls `holds(...)` or `prediction.compare(...)`."""
    return isinstance(node, ast.Call) and (
        (isinstance(node.func, ast.Name) and node.func.id == "holds")
        or (isinstance(node.func, ast.Attribute) and node.func.attr == "compare")
    )


def gives_a_reason(cell: NotebookNode) -> bool:
    lines = [line.strip() for line in cell.source.splitlines()]
    markers = [n for n, line in enumerate(lines) if line.lstrip("# ") in IGNORE_MARKERS]
    if not markers:  # a tag ignores the output
        return any(line.startswith(REASON) for line in lines)
    return all(lines[n + 1 : n + 2] and lines[n + 1].startswith(REASON) for n in markers)


def no_cell_is_exempt(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.code:
        for exemption in FORBIDDEN_MARKERS & set(comments(cell)) | FORBIDDEN_TAGS & tags(cell):
            yield (
                f"{notebook.named(index)} is marked {exemption}, which passes whatever happens;"
                " catch the exception and print it, or assert"
            )


# Lesson and test, which a learner's copy parts.


def no_learner_meets_an_assert(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.code:
        nodes = ast.walk(syntax_tree(cell))
        if REMOVED not in tags(cell) and any(isinstance(node, ast.Assert) for node in nodes):
            yield (
                f"{notebook.named(index)} asserts; state it with holds(...), or tag the cell"
                f" '{REMOVED}' if only the tests need it"
            )


def a_cell_claims_little(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.code:
        calls = [node for node in ast.walk(syntax_tree(cell)) if isinstance(node, ast.Call)]
        claims = sum(isinstance(node.func, ast.Name) and node.func.id == "holds" for node in calls)
        if claims > MOST_CLAIMS:
            yield (
                f"{notebook.named(index)} claims {claims} things, over {MOST_CLAIMS}; leave out"
                " what a comparison or a caption says already"
            )


def claims_are_sentences(notebook: Notebook) -> Iterator[str]:
    for index, cell in notebook.code:
        for node in ast.walk(syntax_tree(cell)):
            match node:
                case ast.Call(func=ast.Name(id="holds"), args=[stated, *_]):
                    sentence = ast.unparse(stated).lstrip("f").strip("'\"")
                    is_name = re.match(r"[\w.]+\(", sentence)  # of code, as `join()`
                    if not (sentence[0].isupper() or is_name) or sentence[-1] not in ".?":
                        yield (
                            f"{notebook.named(index)} claims {sentence!r};"
                            " write a sentence, from its capital letter to its full stop"
                        )


def cells_for_tests_define_nothing_that_others_use(notebook: Notebook) -> Iterator[str]:
    kept = [cell for _, cell in notebook.code if REMOVED not in tags(cell)]
    nodes = (node for cell in kept for node in ast.walk(syntax_tree(cell)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    for index, cell in notebook.code:
        shared = sorted(defined_by(cell) & used) if REMOVED in tags(cell) else []
        if shared:
            yield (
                f"{notebook.named(index)} defines {', '.join(shared)}, which other cells use, and"
                " learners' copies lack it; define it elsewhere"
            )


def defined_by(cell: NotebookNode) -> set[str]:
    """The names that a cell binds for those after it: by assigning, defining or importing."""
    found: set[str] = set()
    waiting: list[ast.AST] = [syntax_tree(cell)]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Import() | ast.ImportFrom():
                found |= {(one.asname or one.name).partition(".")[0] for one in node.names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
        if not isinstance(node, DEFINITIONS | COMPREHENSIONS):
            waiting += ast.iter_child_nodes(node)
    return found


# The pictures.


def pictures_have_captions(notebook: Notebook) -> Iterator[str]:
    for index, _, data in pictures(notebook):
        caption = data.get("text/plain", "")
        if len(caption.split()) < 3 or caption.startswith("<"):
            yield (
                f"{notebook.named(index)}: the picture's text is {caption!r}; show it with a"
                " caption computed from the data, since nbval compares only that"
            )


def pictures_are_small(notebook: Notebook) -> Iterator[str]:
    for index, kind, data in pictures(notebook):
        size = len(base64.b64decode(data[kind]))
        if size > MOST_PICTURE_BYTES:
            yield (
                f"{notebook.named(index)}: a picture of {size / 1000:.0f} kB, over"
                f" {MOST_PICTURE_BYTES / 1000:.0f}; draw fewer points or fewer pixels"
            )


def pictures(notebook: Notebook) -> Iterator[tuple[int, str, dict[str, str]]]:
    for index, cell in notebook.code:
        for output in cell.outputs:
            for kind in ("image/png", "image/jpeg"):
                if kind in output.get("data", {}):
                    yield index, kind, output.data


def file_is_small(notebook: Notebook) -> Iterator[str]:
    size = len(nbformat.writes(notebook.content).encode())
    if size > MOST_NOTEBOOK_BYTES:
        yield f"has {size / 1e6:.1f} MB, over {MOST_NOTEBOOK_BYTES / 1e6:.0f}; shrink its outputs"


CHECKS: list[Callable[[Notebook], Iterator[str]]] = [
    is_a_valid_notebook,
    every_cell_was_executed_in_order,
    no_error_is_saved,
    metadata_suits_every_machine,
    names_no_machine,
    outputs_repeat,
    title_has_the_number,
    opening_tells_what_to_expect,
    navigation_leads_back_and_on,
    ends_with_practice_and_verdicts,
    exercises_wait_to_be_attempted,
    asks_for_predictions,
    has_a_solution,
    links_resolve,
    cells_are_plain_python,
    cells_are_short,
    no_cell_nests_an_event_loop,
    ignored_outputs_are_justified,
    no_cell_is_exempt,
    no_learner_meets_an_assert,
    a_cell_claims_little,
    claims_are_sentences,
    cells_for_tests_define_nothing_that_others_use,
    pictures_have_captions,
    pictures_are_small,
    file_is_small,
]


def too_many_ignored_outputs(notebooks: list[Notebook]) -> str:
    """Over the whole course, since one notebook may be about real time."""
    cells = [(notebook, index, cell) for notebook in notebooks for index, cell in notebook.code]
    ignoring = [
        f"{notebook.path.name} {notebook.named(index)}"
        for notebook, index, cell in cells
        if ignores_output(cell)
    ]
    if len(ignoring) <= MOST_IGNORED_SHARE * len(cells):
        return ""
    return (
        f"{len(ignoring)} of {len(cells)} code cells ignore their output, over"
        f" {MOST_IGNORED_SHARE:.0%}; use the virtual clock in some of them:\n" + "\n".join(ignoring)
    )
