"""Tracebacks as Python itself prints them: a filter for errors keeps every line, and each counts once."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

import pytest

from tests.logs.fakes import line
from tui.logs.lines.classify import classify
from tui.logs.lines.levels import LEVEL_BITS, PART, Level


class BookingFailed(Exception):
    """An exception with a name of its own."""


TIMEOUT = type("timeout", (Exception,), {})
"""An exception with a small name, as the standard library has some."""


def plain() -> None:
    raise BookingFailed("no slot")


def nameless() -> None:
    raise TIMEOUT


def nested_class() -> None:
    class Local(Exception):
        pass

    raise Local("x")


def several_lines() -> None:
    raise ValueError("first\n\n  indented\nGET /x: third\n{\n  'a': 1\n}\nlast")


def empty_first_line() -> None:
    raise ValueError("\nthe reason is here")


def noted() -> None:
    error = KeyError("room")
    error.add_note("while joining\nthe lobby")
    raise error


def syntax() -> None:
    compile("def f(:\n  pass", "/app/agent.py", "exec")


def indentation() -> None:
    compile("if x:\npass", "/app/agent.py", "exec")


def deep() -> None:
    deep()


def chained() -> None:
    try:
        plain()
    except BookingFailed:
        raise TIMEOUT("late") from None


def caused() -> None:
    try:
        plain()
    except BookingFailed as error:
        raise TIMEOUT("late") from error


def during() -> None:
    try:
        several_lines()
    except ValueError:
        noted()


def group() -> None:
    raise ExceptionGroup(
        "several\nthings", [ValueError("first\nsecond"), ExceptionGroup("in", [TIMEOUT("x")])]
    )


def group_with_cause() -> None:
    try:
        plain()
    except BookingFailed as error:
        raise ExceptionGroup("several", [OSError(9, "Bad file descriptor")]) from error


def printed(fail: Callable[[], None]) -> list[bytes]:
    """What Python prints."""
    limit = sys.getrecursionlimit()
    try:
        if fail is deep:
            sys.setrecursionlimit(len(traceback.extract_stack()) + 60)
        fail()
    except Exception as error:
        sys.setrecursionlimit(limit)
        return "".join(traceback.format_exception(error)).rstrip("\n").encode().split(b"\n")
    raise AssertionError


@pytest.mark.parametrize(
    ("fail", "errors"),
    [
        *((fail, 1) for fail in (plain, nameless, nested_class, several_lines, empty_first_line, noted)),
        *((fail, 1) for fail in (syntax, indentation, deep, chained, group, group_with_cause)),
        *((fail, 2) for fail in (caused, during)),
    ],
)
@pytest.mark.parametrize("before", ["", "agent-1  | ", "2026-11-18T11:06:40.123456789Z stderr F "])
def test_every_line_is_kept_and_each_error_counts_once(
    fail: Callable[[], None], errors: int, before: str
) -> None:
    lines = [before.encode() + each for each in printed(fail)]
    marks = classify([line("before"), *lines, line("after")])
    assert (marks[0], marks[-1]) == (Level.INFO, Level.INFO)
    assert [
        each for each, mark in zip(lines, marks[1:], strict=False) if mark & LEVEL_BITS < Level.ERROR
    ] == []
    counted = [each for each, mark in zip(lines, marks[1:], strict=False) if not mark & PART]
    assert len(counted) == errors, counted


@pytest.mark.parametrize("fail", [plain, several_lines, noted, group, deep])
def test_a_traceback_below_its_record_counts_once_with_it(fail: Callable[[], None]) -> None:
    record = b"2026-11-18 11:06:40,000 - ERROR livekit.agents - job failed"
    marks = classify([record, *printed(fail), b"2026-11-18 11:06:41,000 - INFO livekit.agents - next"])
    assert [mark & LEVEL_BITS for mark in marks[:-1]] == [Level.ERROR] * (len(marks) - 1)
    assert sum(not mark & PART for mark in marks[:-1]) == 1
