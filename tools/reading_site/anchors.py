"""The anchors of headings, as JupyterLab makes them, so that a link works there and on the site.

>>> anchor("What is a queue?")
'What-is-a-queue?'
"""

import re


def anchor(heading: str) -> str:
    """Return what stands behind the # of a link to a heading."""
    return heading.replace(" ", "-")


def anchor_on_github(heading: str) -> str:
    """Return what GitHub makes of it, which the links to the glossary use.

    >>> anchor_on_github("Little's law")
    'littles-law'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
