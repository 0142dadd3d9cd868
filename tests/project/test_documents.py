"""What the documents name is there: files, classes, methods, commands, and paths that moved."""

import ast
import builtins
import importlib
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

import pubsub_lib

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["docs/architecture.md", "CONTRIBUTING.md", "CHANGELOG.md"]
MAPS = ["docs/architecture.md", "CONTRIBUTING.md"]  # the changelog also names what is gone
NO_CLASSES = {"Makefile"}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code_spans(document: str) -> list[str]:
    prose = re.sub(r"```.*?```", "", text_of(document), flags=re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


@cache
def members_of_classes() -> dict[str, set[str]]:
    """What each class of the project has, with what it inherits."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in python_files()]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    members: dict[str, set[str]] = {}
    bases: dict[str, set[str]] = {}
    for node in classes:
        members.setdefault(node.name, set()).update(members_in(node))
        above = " ".join(ast.unparse(base) for base in node.bases)
        bases.setdefault(node.name, set()).update(re.findall(r"\w+", above))
    for _ in range(4):  # as deep as the project inherits
        for name, above in bases.items():
            members[name].update(*(members[base] for base in above & members.keys()))
    return members


def members_in(definition: ast.ClassDef) -> set[str]:
    found = set()
    for node in ast.walk(definition):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Attribute(attr=name) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                found.add(name)
    return found


def python_files() -> list[Path]:
    return [path for folder in ("pubsub_lib", "tests") for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("document", MAPS)
def test_every_file_that_a_document_names_is_there(document):
    named = [span for span in code_spans(document) if re.fullmatch(r"[\w./-]+/[\w./-]*", span)]
    templates = {span for span in named if "NN_" in span or "its_name" in span}
    assert named
    assert [span for span in named if span not in templates and not (ROOT / span).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_class_and_method_that_a_document_names_is_there(document):
    classes = members_of_classes()
    named = [
        match.groups()
        for span in code_spans(document)
        if (match := re.fullmatch(r"([A-Z][a-z]\w+)(?:\.(\w+))?(?:\(.*\))?", span))
        and span not in NO_CLASSES
        and not hasattr(builtins, match[1])
    ]
    missing = [
        (name, member)
        for name, member in named
        if name not in classes or (member and member not in classes[name])
    ]
    assert named
    assert missing == []


def test_every_path_that_the_changelog_says_moved_is_where_it_says():
    row = r"^  \| (`pubsub_lib.*) \| (`pubsub_lib.*) \|$"
    rows = re.findall(row, text_of("CHANGELOG.md"), re.MULTILINE)
    assert rows
    for before, now in rows:
        for gone in re.findall(r"`([\w.]+)`", before):
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(gone)
        for there in re.findall(r"`([\w.]+)`", now):
            importlib.import_module(there)


def test_the_version_is_the_newest_of_the_changelog_and_that_of_pyproject():
    versions = re.findall(r"^## \[(\d.*)\]$", text_of("CHANGELOG.md"), re.MULTILINE)
    declared = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert pubsub_lib.__version__ == declared == versions[0]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_command_of_a_document_has_a_target(document):
    targets = re.findall(r"^([\w-]+):", text_of("Makefile"), re.MULTILINE)
    commands = {span.split()[1] for span in code_spans(document) if span.startswith("make ")}
    assert commands <= set(targets)


@pytest.mark.parametrize("document", MAPS)
def test_what_a_document_names_beside_a_file_is_in_it(document):
    named = re.findall(r"`(\w+)(?:\.\w+)?`\s+\(`([\w/]+\.py)`\)", text_of(document))
    assert len(named) > 1
    assert [(name, path) for name, path in named if not is_defined(name, ROOT / path)] == []


def is_defined(name: str, path: Path) -> bool:
    """Whether it is in this file, or a class which it inherits from."""
    definition = re.compile(rf"^(?:class |def |async def |){name}\b(?:\[.*?\])?(?:\((.*)\))?", re.M)
    if definition.search(path.read_text(encoding="utf-8")):
        return True
    texts = [other.read_text(encoding="utf-8") for other in python_files()]
    bases = [found[1] or "" for text in texts for found in definition.finditer(text)]
    names = re.findall(r"(?<!\[)\b[A-Z]\w{2,}", " ".join(bases))  # and not their parameters
    return any(is_defined(base, path) for base in names)
