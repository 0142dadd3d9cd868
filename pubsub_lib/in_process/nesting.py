"""Bounds publishing from inside a publish, which never ends where code that it asks publishes, too.

A filter, or the key of a history, is code of others, and runs in the middle of a publish. If it
publishes itself, it is asked about that message, too, publishes again, and so on. A few times are
fine; what goes on and on is refused, also where the filter takes no notice of the errors.

>>> asking = Nesting()
>>> def publish() -> None:
...     with asking:
...         publish()
>>> publish()
Traceback (most recent call last):
RuntimeError: a filter or key publishes whenever it is asked; let it only answer, and publish later
"""

NESTED_AT_MOST = 50  #: publishes inside one that is itself inside another


class Nesting:
    """Notes where a publish asks code of others, which may publish in its turn: by `with`.

    Raises:
        RuntimeError: on entering, as `check`.
    """

    __slots__ = ("_depth", "_nested")

    def __init__(self) -> None:
        self._depth = 0
        self._nested = 0

    def check(self) -> None:
        """Check that not too many are nested.

        Raises:
            RuntimeError: if there are.
        """
        # A publish in each answer is no loop, however many messages are asked about.
        if self._depth < 2:
            self._nested = 0
        elif self._nested >= NESTED_AT_MOST:
            raise RuntimeError(
                "a filter or key publishes whenever it is asked; let it only answer, and publish "
                "later"
            )

    def __enter__(self) -> None:
        if self._depth:  # seldom, so the usual case is quick
            self.check()
            self._nested += self._depth >= 2
        self._depth += 1

    def __exit__(self, *exc_info: object) -> None:
        self._depth -= 1
