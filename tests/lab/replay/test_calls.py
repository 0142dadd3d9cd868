"""Calls are seen from outside, with their results, and nothing is left behind."""

import asyncio
import sys

import pytest

from pubsub_lib.lab.replay.calls import Call, watch_calls


class Shop:
    async def publish(self, message: str) -> str:
        await asyncio.sleep(0)
        if message == "broken":
            raise ValueError(message)
        return message.upper()


def watched(coroutine) -> tuple[list[str], list[Call]]:
    started, ended = [], []
    with watch_calls(lambda call: started.append(call.name), ended.append):
        asyncio.run(coroutine)
    return started, ended


def test_a_coroutine_starts_once_and_ends_once_however_often_it_waits():
    async def main() -> None:
        await Shop().publish("hello")

    started, (call,) = watched(main())
    assert started == ["publish"]
    assert (call.argument, call.result, call.error) == ("hello", "HELLO", None)


def test_an_error_ends_a_call():
    async def main() -> None:
        with pytest.raises(ValueError, match="broken"):
            await Shop().publish("broken")

    _, (call,) = watched(main())
    assert str(call.error) == "broken"


def test_calls_that_run_at_once_are_told_apart():
    async def main() -> None:
        await asyncio.gather(*(Shop().publish(text) for text in "ab"))

    _, ended = watched(main())
    assert [(call.argument, call.result) for call in ended] == [("a", "A"), ("b", "B")]


def test_a_function_of_that_name_that_is_no_method_is_left_alone():
    def publish(message: str) -> None: ...

    async def main() -> None:
        publish("hello")

    assert watched(main()) == ([], [])


def test_nothing_is_seen_any_more_once_the_block_has_ended():
    calls = []
    with watch_calls(calls.append, calls.append):
        pass
    asyncio.run(Shop().publish("hello"))
    assert calls == []


def test_calls_are_seen_again_in_a_later_block():
    async def main() -> None:
        await Shop().publish("hello")

    assert [len(watched(main())[1]) for _ in range(3)] == [1, 1, 1]


def test_it_leaves_no_tool_behind_when_the_block_fails():
    before = [sys.monitoring.get_tool(tool) for tool in range(6)]
    with pytest.raises(ZeroDivisionError), watch_calls(print, print):
        raise ZeroDivisionError
    assert [sys.monitoring.get_tool(tool) for tool in range(6)] == before


def test_where_all_tools_are_taken_it_says_so():
    mine = [tool for tool in range(6) if sys.monitoring.get_tool(tool) is None]
    for tool in mine:
        sys.monitoring.use_tool_id(tool, "a test")
    try:
        with pytest.raises(RuntimeError, match="too many tools"), watch_calls(print, print):
            pass
    finally:
        for tool in mine:
            sys.monitoring.free_tool_id(tool)
