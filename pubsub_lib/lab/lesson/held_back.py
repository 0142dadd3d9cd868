"""Holds back what a cell shows until the learner has guessed it.

With Run All the cell that compares a guess runs before anybody could make one. What it prints and
draws is kept then, a form is shown in its place, and a click fills the outputs. So is what later
cells show by the names that it has bound. An exception is shown at once, with all that came before
it.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, Protocol

from pubsub_lib.lab.lesson.findings import Findings
from pubsub_lib.lab.lesson.outputs import Output, paragraph
from pubsub_lib.lab.lesson.verdicts import VERDICTS_MIME

_WRITTEN_OVER = re.compile(r"[^\n]*\r(?=[^\r\n])")
_NOTHING = {"text/plain": "", "text/html": ""}
_HIDDEN = "What this cell found stays hidden until you have guessed."
_HIDDEN_TOO = "What this cell shows stays hidden until you have guessed further up"


class Asks(Protocol):
    """What waits for a guess."""

    @property
    def is_open(self) -> bool:
        """Whether there is neither a guess nor the wish to be shown the result."""
        ...

    @property
    def question(self) -> str:
        """What is to be guessed."""
        ...

    def show_form(self, *, beside_result: bool) -> None:
        """Ask in the cell that runs now."""
        ...

    def show_results(self) -> None:
        """Say what was found, and what to think of the guess."""
        ...


@dataclass(slots=True)
class _Shown:
    """One thing that a cell has shown."""

    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    display_id: str | None = None

    @property
    def is_printed(self) -> bool:
        """Whether it is text that may go on."""
        return self.display_id is None and self.data.keys() == {"text/plain"}

    def show_in(self, output: Output, *, anew: bool) -> None:
        """Show it, or show it in place of what was there; a line that was written over is gone."""
        data = self.data
        if self.is_printed:
            data = {"text/plain": _WRITTEN_OVER.sub("", data["text/plain"])}
        (output.show if anew else output.replace)(data, self.metadata)


@dataclass(slots=True)
class _HeldCell:
    """What a cell has shown, and the empty outputs that it belongs into.

    Attributes:
        compares: what it compares itself.
        waits_for: what of that was open when it ran, and what it would tell something about.
        shown: what it has shown until now.
        clears: whether that is to go as soon as something else comes.
    """

    compares: Sequence[Asks]
    waits_for: Sequence[Asks]
    shown: list[_Shown] = field(default_factory=list)
    clears: bool = False
    outputs: list[Output] = field(default_factory=list)
    heading: Output = field(default_factory=Output)

    def hold_text(self, text: str) -> None:
        """Keep what is printed."""
        last = self.shown[-1] if self.shown else None
        if last and last.is_printed and not self.clears:
            last.data["text/plain"] += text
        else:
            self._hold(_Shown({"text/plain": text}))

    def hold_result(self, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        """Keep the value of the cell's last line."""
        self._hold(_Shown(data, metadata or {}))

    def hold_message(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Keep what is displayed, and let go on what is none of this."""
        content = message["content"]
        display_id = content.get("transient", {}).get("display_id")
        match message["header"]["msg_type"]:
            case "display_data":
                self._hold(_Shown(content["data"], content["metadata"], display_id))
            case "update_display_data":
                return self.hold_update(message)
            case "clear_output" if content["wait"]:
                self.clears = True
            case "clear_output":
                self.shown.clear()
            case _:
                return message
        return None

    def hold_update(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Keep what takes the place of something that is kept, and let go on what is none of it."""
        content = message["content"]
        display_id = content.get("transient", {}).get("display_id")
        same = [one for one in self.shown if display_id and one.display_id == display_id]
        for one in same:
            one.data, one.metadata = content["data"], content["metadata"]
        return None if same else message

    def _hold(self, shown: _Shown) -> None:
        if self.clears:
            self.shown.clear()
            self.clears = False
        self.shown.append(shown)

    def ask(self) -> None:
        """Show the forms, and an empty output for each thing that is held back."""
        self.heading.show(paragraph(self._why))
        for one in self.compares:
            if one.is_open:
                one.show_form(beside_result=True)
        for shown in self.shown:
            output = Output(shown.display_id)
            # What nobody sees is there all the same, for notebook 12 to collect.
            unseen = {kind: shown.data[kind] for kind in (VERDICTS_MIME,) if kind in shown.data}
            output.show(_NOTHING | unseen)
            self.outputs.append(output)

    def ask_on(self) -> None:
        """Say what it still waits for."""
        self.heading.replace(paragraph(self._why))

    @property
    def _why(self) -> str:
        """What it waits for, in words."""
        if any(one.is_open for one in self.compares):
            return _HIDDEN
        questions = [f"“{one.question}”" for one in self.waits_for if one.is_open]
        return f"{_HIDDEN_TOO}: {' '.join(questions)}"

    def fill(self) -> None:
        """Show what was held back, in its place."""
        self.heading.replace(_NOTHING)
        for shown, output in zip(self.shown, self.outputs, strict=True):
            shown.show_in(output, anew=False)
        for one in self.compares:
            one.show_results()


class CellHolder:
    """Looks at each cell before and after it runs, and holds back what it is told to.

    Args:
        shell: the IPython shell of the kernel.
        compared_in: returns, by the source of a cell, what it compares.
    """

    def __init__(self, shell: Any, compared_in: Callable[[str], Sequence[Asks]]) -> None:
        self._shell = shell
        self._compared_in = compared_in
        self._findings = Findings[Asks]()
        self._running: _HeldCell | None = None
        self._within = 0  # how many cells run within the one that is held, as `%run` may have it
        self._until_the_end = ExitStack()
        self._held: list[_HeldCell] = []
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        shell.display_pub.register_hook(self._hold_later_update)

    def release(self) -> None:
        """Show what was held back of the cells for which every answer is there now."""
        for cell in [one for one in self._held if not any(asks.is_open for asks in one.waits_for)]:
            self._held.remove(cell)
            cell.fill()
        for cell in self._held:
            cell.ask_on()

    def is_holding(self, asks: Asks) -> bool:
        """Whether something is still held back that this waits for."""
        return any(asks in cell.compares for cell in self._held)

    def is_holding_now(self, asks: Asks) -> bool:
        """Whether what the cell shows that runs now is held back until there is an answer."""
        return self._running is not None and asks in self._running.waits_for

    def _hold_later_update(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Keep what another cell puts in the place of something that is still held back."""
        if message["header"]["msg_type"] != "update_display_data":
            return message
        return message if all(cell.hold_update(message) for cell in self._held) else None

    def _before(self, info: Any) -> None:
        if self._running is not None:
            self._within += 1
            return
        source = info.raw_cell or ""
        compared = self._compared_in(source)
        told = [*compared, *self._findings.told_in(source, compared)]
        waits_for = [one for one in dict.fromkeys(told) if one.is_open]
        if waits_for:
            self._running = _HeldCell(compared, waits_for)
            self._until_the_end.enter_context(_all_held(self._shell, self._running))

    def _after(self, result: Any) -> None:
        if self._within:
            self._within -= 1
            return
        cell, self._running = self._running, None
        if cell is None:
            return
        self._until_the_end.close()
        if result is not None and result.success:
            if cell.shown or any(one.is_open for one in cell.compares):
                cell.ask()
                self._held.append(cell)
        else:  # somebody has to find out what went wrong
            for shown in cell.shown:
                shown.show_in(Output(shown.display_id), anew=True)


@contextmanager
def _all_held(shell: Any, cell: _HeldCell) -> Iterator[None]:
    """Lead everything that a cell shows, but exceptions, to where it is held."""
    stream = _HeldStream(cell)
    publisher, displayhook = shell.display_pub, shell.displayhook
    with redirect_stdout(stream), redirect_stderr(stream):
        publisher.register_hook(cell.hold_message)
        # A display hook has hooks of its own only in the newest ipykernel.
        displayhook.write_format_data = cell.hold_result
        try:
            yield
        finally:
            del displayhook.write_format_data
            publisher.unregister_hook(cell.hold_message)


class _HeldStream(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, cell: _HeldCell) -> None:
        self._cell = cell

    def write(self, text: str) -> int:
        self._cell.hold_text(text)
        return len(text)
