"""What the controls of every playground have in common: how they look, and a name for each.

>>> slider("bound", 1, 200).description
'bound'
"""

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


def slider(label: str, least: int, most: int, *, step: int = 1) -> Any:
    """Return a slider over whole numbers, which tells of a change when it is let go."""
    return widgets.IntSlider(
        description=label,
        min=least,
        max=most,
        step=step,
        continuous_update=False,
        **look(unit=True),
    )


def look(*, unit: bool = False) -> dict[str, Any]:
    """Return the width of a control, and of its label; one with a unit leaves room for that."""
    return {
        "style": {"description_width": "115px"},
        "layout": widgets.Layout(width="300px" if unit else "375px", max_width="100%"),
    }
