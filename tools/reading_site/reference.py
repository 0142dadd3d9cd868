"""Writes the pages of the library's reference, made from its docstrings, and who promises what."""

import inspect
from collections.abc import Iterable
from html import escape
from importlib import import_module
from pathlib import Path

from pubsub_lib.lab.promises import IN_PROCESS_KINDS, promise_table
from pubsub_lib.lab.promises.over_a_network import NETWORK_KINDS

#: What stands on a page of its own, with what the page is called.
MODULES = {
    "pubsub_lib": "The brokers within a process",
    "pubsub_lib.topics": "Topics",
    "pubsub_lib.caching": "Caches that any broker keeps fresh",
    "pubsub_lib.codecs": "Messages as bytes",
    "pubsub_lib.nats": "The brokers beyond one process",
    "pubsub_lib.lab": "What the notebooks use",
    "pubsub_lib.lab.clock.virtual_time": "The virtual clock",
    "pubsub_lib.lab.promises": "Promises, as data",
    "pubsub_lib.lab.replay": "Films",
}


def write_reference(folder: Path) -> None:
    """Write a page for each module, and what the table of promises includes."""
    folder.mkdir()
    documented: set[str] = set()
    for module, title in MODULES.items():
        path = folder / f"{module}.rst"
        path.write_text(_page(module, title, documented), encoding="utf-8")
    table = _promise_table()
    (folder / "promises.html").write_text(table, encoding="utf-8")


def _page(module: str, title: str, documented: set[str]) -> str:
    """Return the page of a module: what it says of itself, and each thing that users import."""
    lines = [title, "=" * len(title), "", f".. automodule:: {module}", "   :no-members:", ""]
    for name in _public(module):
        thing = getattr(import_module(module), name)
        directive = _directive(thing)
        if directive is None or f"{thing.__module__}.{thing.__qualname__}" in documented:
            continue
        documented.add(f"{thing.__module__}.{thing.__qualname__}")
        lines += [f".. {directive}:: {module}.{name}"]
        if directive != "autofunction":
            lines += ["   :members:", "   :inherited-members: Exception, Enum, tuple, str"]
        lines += [""]
    return "\n".join(lines)


def _public(module: str) -> Iterable[str]:
    found = import_module(module)
    if module == "pubsub_lib.lab":
        return sorted(found._MODULE_OF)
    of_its_own = [
        name
        for name, thing in vars(found).items()
        if not name.startswith("_") and getattr(thing, "__module__", "") == module
    ]
    return getattr(found, "__all__", of_its_own)


def _directive(thing: object) -> str | None:
    if inspect.isclass(thing):
        return "autoexception" if issubclass(thing, BaseException) else "autoclass"
    return "autofunction" if inspect.isfunction(thing) else None


def _promise_table() -> str:
    kinds = [*IN_PROCESS_KINDS, *NETWORK_KINDS]
    head, rows = promise_table(kinds)
    columns = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(text)}</td>" for text in row) + "</tr>\n" for row in rows
    )
    return (
        '<div class="promises" tabindex="0" role="region" aria-label="Which broker promises what">'
        f"<table><thead><tr>{columns}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def _cell(text: str) -> str:
    from pubsub_lib.lab.lesson.outputs import as_html

    return '<span aria-label="promised">✓</span>' if text == "✓" else as_html(text)
