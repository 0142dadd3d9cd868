"""A notebook shows the library's source instead of repeating it."""

from pubsub_lib.lab.lesson.sources import show_source, source_of


class Example:
    def method(self) -> int:
        return 1


def test_the_source_of_a_method_starts_at_the_margin():
    assert source_of(Example.method) == "def method(self) -> int:\n    return 1"


def test_sources_are_shown_as_one_block_of_python(monkeypatch):
    shown = []
    monkeypatch.setattr("pubsub_lib.lab.lesson.sources.display", shown.append)
    show_source(Example.method, Example.method)
    (block,) = shown
    assert block.data.startswith("```python\ndef method")
    assert block.data.count("def method") == 2
    assert block.data.endswith("```")


def test_a_docstring_that_tells_too_much_can_be_left_out():
    def documented(number: int) -> int:
        """Say what it does.

        At length.
        """
        return number + 1

    def bare(number: int) -> int:
        return number + 1

    without = source_of(documented, docstring=False)
    assert without == "def documented(number: int) -> int:\n    return number + 1"
    assert source_of(bare, docstring=False) == source_of(bare)
