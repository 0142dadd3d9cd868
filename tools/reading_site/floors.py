"""Draws the floors of the house from the contracts that `make check` holds them to.

>>> "in_process" in floors()
True
"""

import re
import tomllib

from tools.reading_site.course import ROOT


def floors() -> str:
    """Return the floors of the library and of its lab, the highest first, as HTML."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    parts = [
        f'<ol class="floors" aria-label="Floors of {contract["containers"][0]}">\n'
        f"<li><em>{contract['containers'][0]}</em></li>\n"
        + "".join(f"<li>{_rooms(layer)}</li>\n" for layer in contract["layers"])
        + "</ol>\n"
        for contract in contracts
        if contract["type"] == "layers"
    ]
    return "\n".join(parts)


def _rooms(layer: str) -> str:
    rooms = re.findall(r"\w+", layer)
    return " ".join(f"<code>{room}</code>" for room in rooms)
