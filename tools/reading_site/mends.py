"""Mends what the theme leaves undone on the finished pages: names for screen readers, and weight.

>>> named("<summary><span><i class='fa-solid'></i></span></summary>")
"<summary aria-label='Pages below this one'><span><i class='fa-solid'></i></span></summary>"
>>> named('<tr><th class="head"><p></p></th></tr>')
'<tr><td></td></tr>'
"""

import re
from pathlib import Path

_SCRIPT = re.compile(r'\s*<script defer src="[^"]*scripts/fontawesome\.js[^"]*"></script>')
_ICON = re.compile(r"\bfa-(?P<name>[a-z-]+)\b")
#: The theme makes this one by a script.
_OF_SCRIPTS = {"xmark"}


def mend(site: Path) -> None:
    """Mend all pages of a site, which is a folder."""
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    used = {icon["name"] for text in texts.values() for icon in _ICON.finditer(text)} | _OF_SCRIPTS
    _write_icons(site / "_static", used)
    for path, text in texts.items():
        path.write_text(named(_SCRIPT.sub("", text)), encoding="utf-8")
    for path in (site / "_static").rglob("*.map"):
        path.unlink()


def named(html: str) -> str:
    """Give a name to what has none, and a landmark to what lies outside of all.

    What may have to be scrolled is made reachable by the keyboard; an empty head is no head.
    """
    html = re.sub(
        r"<summary>(?=<span[^>]*><i )", "<summary aria-label='Pages below this one'>", html
    )
    html = re.sub(
        r'<div class="sidebar-primary-item">(?=\s*<a class="navbar-brand)',
        '<div class="sidebar-primary-item" role="navigation" aria-label="Home">',
        html,
    )
    return re.sub(r"<th[^>]*>(<p></p>)?</th>", "<td></td>", html)


def _write_icons(static: Path, used: set[str]) -> None:
    """Write the icons that are used as style, instead of the theme's script with all of them.

    That script has 1.6 MB. Both draw the same icons; the font of the style is 0.1 MB.
    """
    script = static / "scripts" / "fontawesome.js"
    known = script.read_text(encoding="utf-8")
    lines = ["/* Icons of Font Awesome Free, by the code points of their font. */"]
    for name in sorted(used):
        icon = re.search(
            rf'(?<=[{{,])"?{re.escape(name)}"?:\[\d+,\d+,\[[^\]]*\],"([0-9a-f]+)"', known
        )
        if icon:
            lines.append(f'.fa-{name}::before {{ content: "\\{icon[1]}"; }}')
    (static / "icons.css").write_text("\n".join(lines) + "\n", encoding="utf-8")
    script.unlink()
