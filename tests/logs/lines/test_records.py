"""Lines taken apart: what agents print, and what must not reach a terminal."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import EPOCH, PROPERTY, TRACEBACK, line
from tui.api.text.clean import is_clean
from tui.logs.lines.levels import Level
from tui.logs.lines.records import parse, plain, runs


def test_a_line_of_a_python_agent() -> None:
    record = parse(line("received job", level="INFO", job_id="AJ_1", room="r", retries=2, ok=True, none=None))
    assert (record.message, record.level, record.logger) == ("received job", Level.INFO, "livekit.agents")
    assert record.time == EPOCH
    assert record.fields == (
        ("job_id", "AJ_1"),
        ("room", "r"),
        ("retries", "2"),
        ("ok", "true"),
        ("none", "null"),
    )
    assert record.text == "INFO livekit.agents received job job_id=AJ_1 room=r retries=2 ok=true none=null"


def test_a_line_of_a_node_agent() -> None:
    record = parse(b'{"level":50,"time":1795000000000,"pid":1,"msg":"failed","err":{"type":"Error"}}')
    assert (record.message, record.level, record.word) == ("failed", Level.ERROR, "ERROR")
    assert record.field("err") == '{"type":"Error"}'
    stack = "Error: no slot\\n    at book (/app/tools.js:12:3)"
    record = parse(b'{"level":50,"msg":"failed","err":{"type":"Error","stack":"%s"}}' % stack.encode())
    assert record.body == ("Error: no slot", "    at book (/app/tools.js:12:3)")


def test_a_traceback_and_a_message_of_several_lines_are_one_record() -> None:
    record = parse(line("boom\nsecond", level="ERROR", exc_info=TRACEBACK))
    assert record.message == "boom"
    assert record.body[0] == "second"
    assert record.body[-1] == "ValueError: no such slot: 14"
    assert "no such slot" in record.text


def test_a_traceback_in_the_message_and_in_a_field_is_shown_once() -> None:
    record = parse(line(f"boom\n{TRACEBACK}", level="ERROR", exc_info=TRACEBACK, exc_text=f"{TRACEBACK}\n"))
    assert (record.message, "\n".join(record.body)) == ("boom", TRACEBACK)
    record = parse(
        line("boom", exc_info=TRACEBACK, stack=TRACEBACK.replace("\n", "  \n"), stack_info="Stack:")
    )
    assert "\n".join(record.body) == f"{TRACEBACK}\nStack:"
    record = parse(line("ValueError: no such slot: 14", exc_info=TRACEBACK))
    assert "\n".join(record.body) == TRACEBACK


def test_a_carriage_return_overwrites_in_a_message_too() -> None:
    record = parse(line("model 0%\rmodel 100%\r\nnext 1\rnext 2", exc_info=TRACEBACK.replace("\n", "\r\n")))
    assert (record.message, record.body) == ("model 100%", ("next 2", *TRACEBACK.split("\n")))


def test_what_other_loggers_call_their_fields() -> None:
    record = parse(b'{"asctime":"2026-11-18 11:06:40,000","levelname":"WARNING","message":"m","room":"r"}')
    assert (record.word, record.time, record.fields) == ("WARNING", EPOCH, (("room", "r"),))
    record = parse(b'{"timestamp":"2026-11-18T11:06:40Z","level":"INFO","fields":{"message":"m","room":"r"}}')
    assert (record.message, record.fields) == ("m", (("room", "r"),))
    record = parse(b'{"@t":"2026-11-18T11:06:40Z","@l":"Error","@m":"m","@x":"E: x\\n  at f"}')
    assert (record.message, record.word, record.level, record.body) == (
        *("m", "ERROR", Level.ERROR),
        ("E: x", "  at f"),
    )
    record = parse(
        b'{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"m\\"}\\n","stream":"stderr","time":"2026-11-18T11:06:40Z"}'
    )
    assert (record.message, record.level, record.time) == ("m", Level.ERROR, EPOCH)
    assert record.fields == (("stream", "stderr"),)
    record = parse(b'{"text":"m\\nTraceback:\\nE: x\\n","record":{"level":{"name":"ERROR"},"message":"m"}}')
    assert (record.message, record.word, record.body) == ("m", "ERROR", ("Traceback:", "E: x"))
    record = parse(b'{"message":"m","date":"tomorrow","s":"E","created":"yes"}')
    assert record.fields == (("date", "tomorrow"), ("s", "E"), ("created", "yes"))


def test_other_text_stays_as_it_is() -> None:
    for raw in (b"hello", b'{"a":1}', b"[1,2]", b"{broken", b'{"message"', b"null", b'"text"'):
        assert parse(raw).message == raw.decode()
        assert not parse(raw).structured


def test_half_a_surrogate_pair_and_bad_utf8_do_not_hide_the_line() -> None:
    assert parse(b'{"message":"a\\ud800b","level":"ERROR"}').level is Level.ERROR
    assert plain(parse(b'{"message":"a\\ud800b"}').message) == "a\\u{d800}b"
    assert parse(b'{"message":"caf\xe9"}').message == "caf\ufffd"


def test_numbers_without_end_and_depth_without_end() -> None:
    assert parse(b'{"message":' + b"9" * 5000 + b"}").message
    assert parse(b'{"message":' + b"[" * 50_000).message
    assert parse(b'{"message":NaN}').message == "NaN"


def test_numbers_are_shown_as_they_were_written() -> None:
    record = parse(b'{"message":"m","a":1.50,"b":1e5,"c":12345678901234567890,"d":{"x":[1.0]},"e":-0}')
    assert [value for _, value in record.fields] == [
        "1.50",
        "1e5",
        "12345678901234567890",
        '{"x":[1.0]}',
        "-0",
    ]


def test_a_line_of_ten_megabytes_is_cut_for_the_screen_and_says_so() -> None:
    record = parse(b"x" * 10_000_000)
    assert len(record.message) == 16 * 1024
    assert record.hidden == 10_000_000 - 16 * 1024


def test_only_colours_are_taken_from_escapes() -> None:
    found = runs("a\x1b[31mred\x1b[1mbold\x1b[0m\x1b[2J\x1b]52;c;AAAA\x07end")
    assert found == [("", "a"), ("31", "red"), ("1", "bold"), ("0", "␛[2J␛]52;c;AAAA␇end")]
    assert plain("a\x1b[31mred\x1b[0m") == "ared"


@PROPERTY
@given(st.text(max_size=80), st.sampled_from(["message", "level", "name", "room", "exc_info", "\x1b[2J"]))
def test_nothing_a_terminal_obeys_is_left_in_any_text(text: str, key: str) -> None:
    for raw in (text.encode("utf-8", "surrogatepass"), json.dumps({"message": "m", key: text}).encode()):
        record = parse(raw)
        shown = [record.word, record.logger, *record.text.split("\n")]
        shown += [piece for part in (record.message, *record.body) for _, piece in runs(part)]
        shown += [name for name, _ in record.fields] + [
            piece for _, value in record.fields for _, piece in runs(value)
        ]
        assert [part for part in shown if not is_clean(part)] == []
