"""Puts a film and its player on a page: HTML that asks for nothing outside.

The player is the same in every film. It stands between two marks, so that a test that compares the
outputs of notebooks can leave it out: a film is equal if its events are.

>>> html = page("film-1", "Two messages.", '{"title": "</script>"}')
>>> "</script>" in html.split("application/json")[1].split("</script>")[0]
False
>>> html.count(PLAYER_BEGINS), html.count(PLAYER_ENDS)
(1, 1)
"""

import re
from functools import cache
from html import escape
from importlib.resources import files

PLAYER_BEGINS = "<!-- the player -->"
PLAYER_ENDS = "<!-- end of the player -->"
# What is in quotes, or a comment, or a sign with the spaces and the ends of lines about it.
_IN_SCRIPTS = re.compile(r"""("[^"\n]*"|`[^`\n]*`)|\s*//.*\s*|\s*([-=+*/<>!&|?:,;{}()\[\]])\s*""")
_IN_STYLES = re.compile(r"(?<=[,;{}])\n()()")
# Parts of one script, in the folder `page`.
SCRIPTS = ("story.js", "messages.js", "loop.js", "ring.js", "controls.js")


def page(identity: str, caption: str, data: str) -> str:
    """Return the HTML of a film.

    Args:
        identity: the element's id, which has to be another one for each film.
        caption: what stands there where scripts are not run, as in a notebook nobody trusts yet.
        data: the film, as JSON.
    """
    harmless = data.replace("</", "<\\/").replace("<!--", "<\\u0021--")
    return (
        f'<div class="film" id="{identity}" role="group" aria-label="{escape(caption)}" '
        'data-lm-suppress-shortcuts="true">\n'
        f'<p class="caption">{escape(caption)}</p>\n'
        f'<script type="application/json">{harmless}</script>\n'
        "</div>\n"
        f"{player(identity)}"
    )


def player(identity: str) -> str:
    """Return what plays the film of this id: its style, and its script."""
    script = "\n".join(map(_part, SCRIPTS)).replace("#FILM", f"#{identity}")
    return (
        f"{PLAYER_BEGINS}<style>{_part('film.css')}</style>"
        f"<script>(() => {{\n{script}}})();</script>{PLAYER_ENDS}"
    )


@cache
def _part(name: str) -> str:
    """Return a part without what is for its reader only, since every film carries it."""
    text = files(__package__).joinpath("page", name).read_text(encoding="utf-8")
    loose = _IN_SCRIPTS if name in SCRIPTS else _IN_STYLES
    return loose.sub(r"\1\2", text).replace(";}", "}").strip()
