"""What the controls of every playground have in common: how they look, and a name for each.

>>> slider("bound", 1, 200).description
'bound'
>>> row(slider("bound", 1, 200), "messages").children[1].value
'messages'
"""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]

# A slider's label stands beside it and is not tied to it: a screen reader would say a number only.
# It is displayed without a text: where no script runs, it says nothing.
NAMING = """<script>
(() => {
  const name = () => document.querySelectorAll(".widget-slider").forEach((slider) => {
    const label = slider.querySelector(".widget-label");
    slider.querySelectorAll("[role=slider]").forEach((handle) =>
      handle.setAttribute("aria-label", label ? label.textContent : ""));
  });
  name();
  new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
})();
</script>"""


# A column of controls takes the room that there is: the wider a slider, the finer it is moved.
_WIDEST = "600px"
_UNIT_WIDTH = "80px"


def slider(label: str, least: int, most: int, *, step: int = 1) -> Any:
    """Return a slider over whole numbers, which tells of a change when it is let go."""
    return widgets.IntSlider(
        description=label,
        min=least,
        max=most,
        step=step,
        continuous_update=False,
        **look(),
    )


def look() -> dict[str, Any]:
    """Return the width of a control, and of its label."""
    return {
        "style": {"description_width": "115px"},
        "layout": widgets.Layout(width="auto", flex="1 1 260px", max_width="100%"),
    }


def row(control: Any, unit: str = "") -> Any:
    """Return a control with its unit beside it, or below it where the page is narrow."""
    # Without a unit there is room for one all the same, so that all controls are equally wide.
    layout = widgets.Layout(
        width="auto",
        min_width=_UNIT_WIDTH,
        height=None if unit else "0",
        margin="2px 2px 2px auto" if unit else "0 2px 0 auto",
    )
    beside = widgets.Label(unit, layout=layout)
    return widgets.HBox([control, beside], layout=widgets.Layout(flex_flow="row wrap"))


def column(rows: Sequence[Any]) -> Any:
    """Return rows of controls below each other; two columns stand side by side if there is room."""
    layout = widgets.Layout(flex="1 1 500px", min_width="0", max_width=_WIDEST)
    return widgets.VBox(list(rows), layout=layout)
