"""What Sphinx has to be told beside its settings.

- A figure's alternative text is its caption, which the notebook has as the figure's text.
- A reference to a name of the library is found wherever the name is documented, and one to a name
  of Python's, or to what is no name at all, is text.
- A link to the glossary carries the explanation, for whoever points at it or focuses it.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

from tools.reading_site.terms import explained


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect what is below to the steps of a build."""
    app.connect("doctree-read", give_alternative_texts)
    app.connect("autodoc-process-docstring", name_one_by_one, priority=400)  # before napoleon
    app.connect("missing-reference", find_elsewhere)
    app.connect("html-page-context", explain_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def give_alternative_texts(app: Sphinx, doctree: nodes.document) -> None:
    """Let a figure's alternative text be its caption."""
    for bundle in doctree.findall(nodes.container):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        of_type = {part.get("mime_type"): part for part in bundle.children}
        picture, text = of_type.get("image/png"), of_type.get("text/plain")
        if picture is not None and text is not None:
            for image in picture.findall(nodes.image):
                image["alt"] = text.astext()


def name_one_by_one(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Make of "kind, case: what was tried" an entry for each name, which is all that Sphinx reads.

    >>> lines = ["Attributes:", "    kind, case: what was tried."]
    >>> name_one_by_one(None, "", "", None, None, lines)
    >>> lines
    ['Attributes:', '    kind: what was tried.', '    case: what was tried.']
    """
    several = re.compile(r"(?P<indent> +)(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)+): (?P<text>.+)")
    for number in reversed(range(len(lines))):
        if entry := several.fullmatch(lines[number]):
            names = entry["names"].split(", ")
            lines[number : number + 1] = [
                f"{entry['indent']}{one}: {entry['text']}" for one in names
            ]


def find_elsewhere(
    app: Sphinx, env: Any, node: nodes.Element, contnode: nodes.Element
) -> nodes.Node | None:
    """Find a name where it is documented, under another module; leave others as text."""
    if node.get("refdomain") != "py":
        return None
    wanted = node["reftarget"].rpartition(".")[2]
    domain = env.get_domain("py")
    places = [name for name in domain.objects if name.rpartition(".")[2] == wanted]
    whole = [name for name in places if domain.objects[name].objtype in {"class", "exception"}]
    if len(whole) == 1 and app.builder.name == "html":
        place = domain.objects[whole[0]]
        return make_refnode(
            app.builder, node["refdoc"], place.docname, place.node_id, [contnode], whole[0]
        )
    return contnode


def explain_terms(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give each link to the glossary what the glossary says."""
    if "body" in context:
        context["body"] = explained(context["body"])
