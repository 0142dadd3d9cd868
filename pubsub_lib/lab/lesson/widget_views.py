"""Leaves out of a saved notebook what nothing can draw after a restart: the view of a widget.

It names a widget that lived in the kernel; without the kernel JupyterLab shows an error message in
its place, although the text beside it says what there is to say. `make lab` has every save go
through `before_saving`.

>>> view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a form"}
>>> outputs = [{"output_type": "display_data", "data": view}]
>>> notebook = {"cells": [{"cell_type": "code", "outputs": outputs}]}
>>> before_saving(model={"type": "notebook", "content": notebook})
>>> outputs[0]["data"]
{'text/plain': 'a form'}
"""

from typing import Any

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def before_saving(*, model: dict[str, Any], **_: Any) -> None:
    """Change what a Jupyter server is about to save, as its `pre_save_hook`.

    Args:
        model: the file, as the contents manager of the server has it.
    """
    if model.get("type") == "notebook":
        for cell in model["content"].get("cells", []):
            drop_widget_views(cell.get("outputs", []))


def drop_widget_views(outputs: list[dict[str, Any]]) -> None:
    """Leave out the views of widgets where there is something else to show."""
    for output in outputs:
        data = output.get("data", {})
        if len(data) > 1:
            data.pop(WIDGET_VIEW, None)
