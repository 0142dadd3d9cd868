"""Explains the terms of a page: a link to the glossary says what the glossary has there.

>>> "data-explained" in explained('<a class="x" href="glossary.html#bound">bound</a>')
True
>>> explained('<a href="glossary.html#no-such-term">x</a>')
'<a href="glossary.html#no-such-term">x</a>'
"""

import re
from functools import cache
from html import escape
from urllib.parse import unquote

from tools.reading_site.anchors import anchor
from tools.reading_site.course import ROOT

LINK = re.compile(r'<a (?P<rest>[^>]*href="[^"]*glossary\.html#(?P<term>[^"]+)")')
ENTRY = re.compile(r"^## (?P<term>.+)\n\n(?P<text>(?:.+\n)+)", re.MULTILINE)


def explained(html: str) -> str:
    """Return a page whose links to the glossary carry its explanations."""

    def explain(link: re.Match[str]) -> str:
        text = explanations().get(unquote(link["term"]))
        return f'<a data-explained="{escape(text)}" {link["rest"]}' if text else link[0]

    return LINK.sub(explain, html)


@cache
def explanations() -> dict[str, str]:
    """Return what the glossary says of each term, as plain text, by the anchor of the term."""
    return {anchor(term): text for term, text in explanations_by_heading().items()}


@cache
def explanations_by_heading() -> dict[str, str]:
    """Return the same by the term itself."""
    text = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8")
    return {entry["term"]: _plain(entry["text"]) for entry in ENTRY.finditer(text)}


def _plain(text: str) -> str:
    without_place = re.sub(r"^\[[^\]]*\]\([^)]*\)\n?", "", text, flags=re.MULTILINE)
    without_links = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", without_place)
    return re.sub(r"[`*]", "", " ".join(without_links.split()))
