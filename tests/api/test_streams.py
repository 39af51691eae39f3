"""Lines out of bytes: cut at line feeds and nowhere else, whatever the chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import PROPERTY
from tui.api.streams import Splitter, lines

HOSTILE = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei\rj\r".encode()


@PROPERTY
@given(st.binary(max_size=300), st.lists(st.integers(0, 40), max_size=40))
def test_any_chunking_gives_the_same_lines(data: bytes, sizes: list[int]) -> None:
    splitter = Splitter()
    found: list[bytes] = []
    at = 0
    for size in sizes:
        found += splitter.feed(data[at : at + size])
        at += size
    found += splitter.feed(data[at:])
    assert b"\n".join([*found, splitter.rest()]) == data


def test_only_a_line_feed_ends_a_line() -> None:
    assert Splitter().feed(HOSTILE + b"\n") == [HOSTILE]


def test_a_line_of_ten_megabytes_stays_whole() -> None:
    splitter = Splitter()
    for _ in range(160):
        assert splitter.feed(b"x" * 65_536) == []
    (line,) = splitter.feed(b"end\n")
    assert len(line) == 160 * 65_536 + 3
    assert splitter.broken == 0


def test_a_line_without_end_comes_in_pieces_and_is_counted() -> None:
    splitter = Splitter(limit=1000)
    pieces = [piece for _ in range(30) for piece in splitter.feed(b"y" * 100)]
    assert b"".join(pieces) + splitter.rest() == b"y" * 3000
    assert splitter.broken == len(pieces) == 2
    assert splitter.feed(b"next\n") == [b"next"]


def test_rest_is_handed_out_once() -> None:
    splitter = Splitter()
    splitter.feed(b"one\ntw")
    assert (splitter.rest(), splitter.rest()) == (b"tw", b"")


@pytest.mark.parametrize("last", [b"", b"\n"])
async def test_lines_of_a_stream_that_ends(last: bytes) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one\ntw"
        yield b"o\nthree" + last

    assert [line async for line in lines(chunks())] == [b"one", b"two", b"three"]
