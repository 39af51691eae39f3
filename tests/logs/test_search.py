"""Search and filters: the quick way finds what the slow way finds, over the whole spool, in slices."""

from __future__ import annotations

import itertools
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import EPOCH, PROPERTY, TRACEBACK, line
from tui.logs.expressions import TooSlow
from tui.logs.lines.classify import classify
from tui.logs.lines.levels import CUT, Level
from tui.logs.lines.records import parse
from tui.logs.lines.signatures import key_of
from tui.logs.log import Kind, Log, Notice
from tui.logs.rows import STEP_ROWS, STEPS, AllRows, FoundRows
from tui.logs.search import Criteria, LogFilter, OfJob, OfKind, Pattern
from tui.logs.spool import Spool
from tui.logs.texts import text_of, texts_of


def log_of(*lines: bytes, ring: int = 1 << 30) -> Log:
    log = Log(Spool(None, ring=ring))
    log.append(lines, classify(lines), bytes(len(lines)), EPOCH)
    return log


def found(log: Log, criteria: Criteria) -> list[int]:
    rows = FoundRows(log, criteria)
    while rows.step(time.monotonic):
        pass
    return [rows[index] for index in range(len(rows))]


def matching(log: Log, text: str) -> list[int]:
    return found(log, Criteria(filters=(LogFilter(Pattern.of(text)),)))


WORDS = st.sampled_from(
    [
        "error",
        "INFO",
        "job",
        "AJ_9x",
        "caf\u00e9",
        "K\u212a",
        "\x1b[31mred\x1b[0m",
        "202e",
        "\u202e",
        "12",
        "a b",
        '"q"',
        "\ud800",
    ]
)
TEXTS = st.one_of(WORDS, st.text(max_size=12), st.lists(WORDS, max_size=3).map("".join))
VALUES = st.one_of(TEXTS, st.integers(-99, 10**20), st.booleans(), st.none(), st.floats(allow_nan=False))
RAW = st.one_of(
    st.dictionaries(st.sampled_from(["message", "level", "name", "room", "job_id", "exc_info"]), VALUES).map(
        lambda fields: json.dumps(fields).encode()
    ),
    st.dictionaries(st.sampled_from(["message", "room"]), TEXTS).map(
        lambda fields: json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
    ),
    st.text(max_size=30).map(lambda text: text.replace("\n", "").encode("utf-8", "replace")),
    st.sampled_from([b'{"level":50,"msg":"pino"}', b'{"level":"ERROR","message":"x"}', b"\xff\xfe error"]),
    st.sampled_from(
        [
            b'{"message":"x","n":01}',  # no JSON
            b'{"message":"x","n":-0.5e3,"in":{"a":[1,"b"],"c":{"d":null}}}',
            b'{"message":"x","n":[{"a":1}]}',
            b'{"message":"a',
            b'{"message":"x","room":"a',  # as far as the next line, it could go on
            b'b","level":"INFO"}',
            b'{"message":"x","message":"error"}',
            b'{"severity": 40, "message": "x"}',
            '{"level":"\u0131nfo","message":"x"}'.encode(),  # its capital is an I
            b'{"level":"","severity":"60","message":"x"}',
        ]
    ),
)
RECORDS = st.builds(
    lambda message, level, **more: line(message, level=level, **more),
    st.sampled_from(["turn done", "", "null", "50% of %s"]),
    st.sampled_from(["INFO", "50", "error"]),
    name=st.sampled_from(["livekit.agents", "", "x" * 130]),
    room=st.sampled_from(["r1", "", None, 5, {"in": [1, "a"]}, {"in": {"k": "v"}}]),
)
"""Lines with the same fields, as one program prints them."""
TYPED = st.one_of(
    st.sampled_from(
        [
            "error",
            "ERR",
            "info",
            "livekit",
            "pino",
            "AJ_9x",
            "202e",
            "caf\u00e9",
            "\u212a\u0130job",
            "jo\u0131?b",
            "red",
            "job",
            "12",
            "room=job",
            "err.*",
            "erro?r",
            "job+",
            "^err.r",
            "INFO.*job",
            "r$",
            "info*x?",
        ]
    ),
    st.text(min_size=1, max_size=4),
)


@PROPERTY
@given(st.lists(RAW, min_size=1, max_size=8), TYPED, st.booleans())
def test_the_quick_way_finds_what_reading_every_line_finds(raws: list[bytes], typed: str, out: bool) -> None:
    try:
        pattern = Pattern.of(typed)
    except TooSlow:
        return
    log = log_of(*raws)
    wanted = [n for n, raw in enumerate(raws) if (pattern.regex.search(parse(raw).text) is not None) != out]
    assert found(log, Criteria(filters=(LogFilter(pattern, out),))) == wanted


@PROPERTY
@given(RAW)
def test_the_quick_text_is_the_text(raw: bytes) -> None:
    assert text_of(raw) == parse(raw).text


@PROPERTY
@given(st.lists(st.one_of(RAW, RECORDS), min_size=1, max_size=8))
def test_the_quick_texts_of_a_block_are_the_texts(raws: list[bytes]) -> None:
    assert texts_of(raws)[0] == [parse(raw).text for raw in raws]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("error.*timeouts?", [b"timeout"]),
        ("abc*d", [b"ab"]),
        ("(abcdef)?", []),
        ("^booking", [b"booking"]),
        (r"n=\d+77\b", [b"77"]),
        ("timeout|refused", [b"timeout", b"refused"]),
        ("timeout|.", []),
        ("(abc|xyz) tail", [b"tail"]),
        ("[abc]xy{2}f{0,3}gh{0}", [b"xy"]),
        (r"\x41bcdef", []),
        ("(?x)ab # not this", []),
        ("roomz+sx?", [b"roomz"]),
        ("café noir", [b"noir"]),
    ],
)
def test_only_words_that_must_be_there_make_the_search_quick(typed: str, words: list[bytes]) -> None:
    assert list(Pattern.of(typed).required.any_of) == words


def test_text_is_found_as_it_reads_not_as_it_is_written() -> None:
    log = log_of(
        line("caf\u00e9 open", room="r1"),
        json.dumps({"message": "caf\u00e9 closed", "level": "INFO"}, ensure_ascii=False).encode(),
        b"\x1b[31mcaf\x1b[0m\xc3\xa9",
        b'{"level":50,"msg":"down"}',
    )
    assert matching(log, "café") == [0, 1, 2]
    assert matching(log, "CAFÉ o") == [0]
    assert matching(log, "error") == [3]
    assert matching(log, "room=r1") == [0]


def test_a_word_is_found_however_its_letters_are_written() -> None:
    for raw in (b'{"message":"\\u0072\\u0065d alert"}', b"re\x1b[1md alert", b"red alert"):
        assert matching(log_of(b"other", raw, b"other"), "red") == [1]
        assert found(log_of(raw), Criteria(filters=(LogFilter(Pattern.of("red"), out=True),))) == []
    assert matching(log_of("a\u202eb".encode(), b"a202eb"), "202e") == [0, 1]


@pytest.mark.parametrize("typed", ["turn", "turn done", r"turn.*\d5$", "^info", "error|turn"])
@pytest.mark.parametrize("out", [False, True])
def test_a_word_of_most_lines_is_found_in_them_and_in_the_others(typed: str, out: bool) -> None:
    raws = [
        line(f"turn done {n}") if n % 5 else b'{"msg":"t\\u0075rn %d","level":30}' % n for n in range(100)
    ]
    pattern = Pattern.of(typed)
    wanted = [n for n, raw in enumerate(raws) if bool(pattern.regex.search(parse(raw).text)) != out]
    assert found(log_of(*raws), Criteria(filters=(LogFilter(pattern, out),))) == wanted


def test_what_a_line_does_not_show_is_not_found() -> None:
    log = log_of(
        b'{"message":"turn done","message":"x","level":"INFO"}',
        b'{"message":"x","msg":"turn done","level":"INFO"}',
        b'{"message":"x","timestamp":"turn done"}',
        b'{"message":"turn done","level":"INFO"}',
    )
    assert matching(log, "turn done") == [3]


def test_regular_expression_if_it_is_one_else_as_it_stands() -> None:
    log = log_of(b"code 500", b"code 404", b"a[b", b"a.b")
    assert matching(log, r"code [45]0\d") == [0, 1]
    assert matching(log, "a[b") == [2]
    assert matching(log, "a.b") == [2, 3]


@pytest.mark.parametrize("text", ["(a+)+$", "(a*)*b", "(a|b+)*c", "(x+x+)+y", "a{2,}{3,}"])
def test_patterns_that_could_take_for_ever_are_refused(text: str) -> None:
    with pytest.raises(TooSlow):
        Pattern.of(text)


@pytest.mark.parametrize("text", ["a+b+", r"\d+\.\d+", "(error|warn)", "job_.*failed", "(a+)b", "x{2,3}"])
def test_ordinary_patterns_are_not(text: str) -> None:
    assert Pattern.of(text).source == text


def test_an_expression_with_many_repetitions_looks_at_the_head_of_a_huge_line() -> None:
    """Two of them cost the square of the length: the reader shall not wait for a line made to be slow."""
    log = log_of(b"x" * 16_000, b"foo" + b"-" * 3000 + b"bar")
    started = time.perf_counter()
    assert matching(log, ".*fo+.*bar") == [1]
    assert time.perf_counter() - started < 2


def test_a_traceback_is_searched_with_its_line() -> None:
    log = log_of(line("ok"), line("boom", level="ERROR", exc_info=TRACEBACK))
    assert matching(log, "no such slot") == [1]
    assert matching(log, r"boom[\s\S]*ValueError") == [1]


def test_filters_stack_and_switch_off() -> None:
    log = log_of(b"a one", b"a two", b"b one")
    a, not_two = LogFilter(Pattern.of("a")), LogFilter(Pattern.of("two"), out=True)
    assert found(log, Criteria(filters=(a, not_two))) == [0]
    assert found(log, Criteria(filters=(a, LogFilter(Pattern.of("two"), out=True, on=False)))) == [0, 1]


def test_level_keeps_lines_that_name_none_up_to_warn() -> None:
    log = log_of(line("d", level="DEBUG"), line("w", level="WARNING"), b"plain", line("e", level="ERROR"))
    assert found(log, Criteria(level=Level.WARN)) == [1, 2, 3]
    assert found(log, Criteria(level=Level.ERROR)) == [3]


def test_notices_pass_every_filter_but_are_not_found() -> None:
    log = log_of(b"one")
    log.notify(Notice("us: stream lost", Kind.GAP, 0, EPOCH))
    log.append_piece(b"half", 0, EPOCH)
    assert log.line(2).mark & CUT
    nothing = Criteria(level=Level.ERROR, filters=(LogFilter(Pattern.of("absent")),))
    assert found(log, nothing) == [1]
    assert found(log, Criteria().searching(Pattern.of("o"))) == [0]


def test_a_job_is_its_field_and_not_a_mention() -> None:
    log = log_of(
        line("x", job_id="AJ_1"), line("AJ_1 is another's", job_id="AJ_2"), b"plain AJ_1", line("AJ_1")
    )
    assert found(log, Criteria(filters=(LogFilter(OfJob("AJ_1")),))) == [0, 2]


def test_a_kind_of_error() -> None:
    first = line("slot 14 gone", level="ERROR", exc_info=TRACEBACK)
    again = line("slot 99 gone", level="ERROR", exc_info=TRACEBACK)
    log = log_of(first, line("slot 3 gone", level="ERROR"), again)
    assert found(log, Criteria(filters=(LogFilter(OfKind(key_of(parse(first)))),))) == [0, 2]


def test_only_since_a_row() -> None:
    assert found(log_of(*(b"%d" % n for n in range(6))), Criteria(since=4)) == [4, 5]


def test_newest_come_first_and_growth_is_followed() -> None:
    log = log_of(*(b"%d" % n for n in range(5000)))
    rows = FoundRows(log, Criteria(filters=(LogFilter(Pattern.of("7")),)))
    still = _StillClock()
    rows.step(still)
    assert rows[len(rows) - 1] == 4997
    while rows.step(time.monotonic):
        pass
    log.append([b"5007", b"x"], bytes(2), bytes(2), EPOCH)
    assert not rows.complete
    rows.step(time.monotonic)
    wanted = [n for n in range(5000) if "7" in str(n)] + [5000]
    assert [rows[index] for index in range(len(rows))] == wanted
    assert [rows.rank(row) for row in (0, 7, 8, 4997, 5000, 9999)] == [
        sum(w < row for w in wanted) for row in (0, 7, 8, 4997, 5000, 9999)
    ]


def test_rows_that_the_ring_drops_are_let_go_of() -> None:
    log = Log(Spool(None, ring=64 * 1024, memory=64 * 1024))
    rows = FoundRows(log, Criteria(filters=(LogFilter(Pattern.of("x")),)))
    for n in range(3000):
        log.append([b"x%d" % n], b"\0", b"\0", EPOCH)
        if n % 100 == 0:
            rows.step(time.monotonic)
    while rows.step(time.monotonic):
        pass
    assert log.first > 0
    assert [rows[index] for index in range(len(rows))] == list(range(log.first, 3000))
    assert len(AllRows(log)) == 3000 - log.first


def test_a_slice_ends_when_its_time_is_up() -> None:
    log = log_of(*(b"line %d" % n for n in range(20_000)))
    rows = FoundRows(log, Criteria(filters=(LogFilter(Pattern.of("line .*9")),)))
    ticks = itertools.count()
    # a clock on which every look takes 3 ms: a slice of 8 has room for three steps
    assert rows.step(lambda: next(ticks) * 0.003)
    assert 0 < rows.progress <= 3 * STEP_ROWS / 20_000


def test_a_slice_on_a_clock_that_stands_still_ends_too() -> None:
    log = log_of(*(b"line %d" % n for n in range(STEPS * STEP_ROWS + 1000)))
    rows = FoundRows(log, Criteria(filters=(LogFilter(Pattern.of("zzz")),)))
    assert rows.step(_StillClock())
    assert not rows.step(_StillClock())


class _StillClock:
    def __call__(self) -> float:
        return 0.0


@pytest.mark.parametrize(
    "raw",
    [
        b'2026-11-28T10:00:01Z {"level":"error","msg":"no room"}',
        b'agent-1  | {"level":"error","msg":"no room"}',
        b'{"lvl":50,"msg":"no room"}',
        b'{"PRIORITY":"3","MESSAGE":"no room"}',
        b'{"t":1,"s":"E","msg":"no room"}',
        b'{"severityNumber":17,"message":"no room"}',
        b'{"log":"no room\\n","stream":"stderr"}',
        b'{"message":"ERROR no room"}',
        b'{"message":"SIGSEGV in no room"}',
        b'{"timestamp":"x","level":"ERROR","fields":{"message":"no room"},"target":"livekit"}',
        b"0%\r50%\rno room",
        b"\xef\xbb\xbfno room\r",
    ],
)
def test_what_is_shown_of_a_line_is_found_and_nothing_else(raw: bytes) -> None:
    log = log_of(raw, line("other"), line("another"))
    shown = parse(raw).text
    for word in {*shown.split(), shown, shown[:7], "error", "prefix=agent", "50%"}:
        assert (0 in matching(log, re.escape(word))) == (word.lower() in shown.lower()), word
