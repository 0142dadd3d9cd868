"""Keeps the keyboard with the notebook when a form goes away that had the focus.

With the button that was clicked, or the field that was typed in, the focus would be gone as well:
the page takes keys then, and the notebook does not, so that Shift+Enter does nothing.

>>> in_place_of_form("Your guess: 2 s.")["text/plain"]
'Your guess: 2 s.'
"""

from pubsub_lib.lab.lesson.outputs import paragraph

# On to the next cell, as after a cell that was run: Shift+Enter then runs what comes next. Where
# another form is left in the cell, it stays here, so that Tab goes on to that one. Only if the
# focus is nowhere, and the form was in the cell that is active: not when a notebook is opened that
# was saved with this, nor in the other cell that had the same form. In other front ends than
# JupyterLab and Jupyter Notebook there is no such cell, and nothing happens.
_GO_ON = """<script>
(() => {
  const script = document.currentScript;
  setTimeout(() => {
    const cell = script?.closest(".jp-Cell.jp-mod-active");
    if (!cell || document.activeElement !== document.body) return;
    const here = script.parentElement, next = cell.nextElementSibling;
    here.tabIndex = -1;
    const after = next?.matches(".jp-Cell") ? next : cell;
    (cell.querySelector(".course-choice") ? here : after).focus({preventScroll: true});
  });
})();
</script>"""


def in_place_of_form(text: str) -> dict[str, str]:
    """Return text as the content of an output that held a form until now."""
    content = paragraph(text)
    return content | {"text/html": content["text/html"] + _GO_ON}
