"""An expression over a batch of lines finds what it finds in each line alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import PROPERTY
from tui.logs.expressions import TextBatch, compiled, lower_cased
from tui.logs.lines.records import SHOWN, parse

PIECES = (
    *"aAzZ09_ .^$|?*+-=]",
    *(rf"\{letter}" for letter in r"dDwWsSbBAZ.\[-n1"),
    *("[ab]", "[^ab]", "[A-Z]", "[^A-Z]", "[a-z0-9]", "[Z-a]", "[!-~]", r"[^\s]", r"[\w.]", r"[\W]"),
    *("[^.-]", "[]a]", "[^]a]", "[a-]", r"[\--a]", r"\x41", "Error", "a b", ".*", "{2}", "{1,}", "{,2}"),
    *("(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?i)", "(?s)", "(?P<n>", ")", ")", ")"),
)
SHAPED = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
"""Pieces that expressions are made of, put together in ways that mostly mean something."""
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
LINES = st.lists(
    st.one_of(
        st.text(st.sampled_from("aAbBzZ09_ .-=^[]\\~E"), min_size=1, max_size=12),
        st.text(PRINTABLE, min_size=1, max_size=12),
        st.sampled_from(["Error", "a b", "x error=a9 B", " "]),
    ).map(str.encode)
    | st.sampled_from(
        [b"", "café A".encode(), b"\xff\xfe a", b"\x1b[31ma\x1b[0mb", b'{"message":"a\\nB"}', b"a\tb"]
    ),
    min_size=1,
    max_size=6,
)


@PROPERTY
@given(
    st.one_of(SHAPED, st.text(PRINTABLE, max_size=8)), LINES, st.sampled_from([re.IGNORECASE, re.I | re.A])
)
def test_a_batch_finds_what_a_search_in_each_line_finds(source: str, lines: list[bytes], flags: int) -> None:
    try:
        regex = compiled(source, flags)
    except (re.error, OverflowError):
        return
    for reach in (SHOWN, 3):
        wanted = [n for n, line in enumerate(lines) if regex.search(parse(line).text, 0, reach)]
        assert sorted(TextBatch(lines).matching(regex, lower_cased(source), reach)) == wanted


@pytest.mark.parametrize(
    "source",
    [
        r"n=\d+77\b",
        "turn done",
        r"^ERROR\s",
        r"\w+Error$",
        "(a|b).*c",
        r"[^A-Z ]\S+",
        r"(?<=job )\d",
        r"a\.b\\",
    ],
)
def test_what_people_type_is_rewritten(source: str) -> None:
    assert lower_cased(source) is not None


@pytest.mark.parametrize("source", ["é", "(?i)a", r"(a)\1", r"a\nb", r"\x41", "(?P<n>a)", r"[\W_]", "[Z-a]"])
def test_what_could_mean_something_else_is_not(source: str) -> None:
    assert lower_cased(source) is None


def test_no_lines_have_no_hits() -> None:
    regex = re.compile("")
    assert TextBatch([]).matching(regex, lower_cased(""), SHOWN) == []
    assert TextBatch([b"a", b"b"]).matching(regex, lower_cased(""), SHOWN) == [0, 1]
