"""The error tree: as its docstring draws it, safe to print, and saying what was called."""

from __future__ import annotations

import re
import socket

import pytest

from tui.api import errors
from tui.api.errors import ApiError
from tui.api.sockets import KEEPALIVE


def drawn() -> list[tuple[int, str]]:
    """Depth and name of each class in the docstring."""
    found = re.findall(r"^    ([│├└─ ]*)([A-Z]\w+)", errors.__doc__ or "", re.M)
    return [(len(branch) // 4, name) for branch, name in found]


def defined(kind: type[ApiError], depth: int = 0) -> list[tuple[int, str]]:
    """The same of the classes themselves."""
    below = [line for child in kind.__subclasses__() for line in defined(child, depth + 1)]
    return [(depth, kind.__name__), *below]


def test_the_tree_is_as_drawn() -> None:
    ours = [line for line in defined(ApiError) if hasattr(errors, line[1])]
    assert drawn() == ours and len(ours) == 13


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.NotFound("no such room", "M", "h", "not_found", 404), "no such room (404 not_found)"),
        (errors.Unknown("overloaded", status=503), "overloaded (HTTP 503)"),
        (errors.Unreachable("connection refused", host="h"), "connection refused"),
        (errors.NotDone("agent is busy", status=200, request_id="r"), "agent is busy (HTTP 200)"),
    ],
)
def test_an_error_says_in_one_line_what_went_wrong(error: ApiError, words: str) -> None:
    assert str(error) == words


def test_errors_are_told_apart_by_identity() -> None:
    """Two failures alike are two failures: traceback printing and groups put them into sets."""
    one, two = errors.Unknown("x"), errors.Unknown("x")
    assert one != two and len({one, two}) == 2


def test_this_system_takes_our_socket_options() -> None:
    with socket.socket() as probe:
        for level, option, value in KEEPALIVE:
            probe.setsockopt(level, option, value)
            assert probe.getsockopt(level, option) in (value, 1) or value > 1
    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in KEEPALIVE
