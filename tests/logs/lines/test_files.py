"""Files of logs, opened: level, time and text of each line, errors counted and filtered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.logs.archive import Archive, NotOpened
from tui.logs.lines.levels import Level
from tui.logs.lines.records import LogRecord, parse, plain
from tui.logs.log import Line, Log
from tui.logs.search import Criteria

FILES = Path(__file__).with_name("files")


def opened(path: Path) -> Log:
    """The log of a file, read whole."""
    archive = Archive(path.name, [path])
    while archive.step():
        pass
    return archive.log


def lines(name: str) -> list[Line]:
    log = opened(FILES / f"{name}.log")
    return log.lines(log.first, log.end - 1)


def records(name: str) -> list[LogRecord]:
    return [parse(line.raw) for line in lines(name)]


def severe(log: Log) -> list[bytes]:
    """The lines that the level filter shows from error on."""
    found = []
    row = log.first
    while row < log.end:
        block = log.spool.block(row, 100, 1 << 30)
        found += [log.line(shown).raw for shown in Criteria(level=Level.ERROR, notices=False).rows(block)]
        row = block.end
    return found


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("colours", "INFO WARN ERROR CRITICAL"),
        ("field_names", "ERROR ERROR ERROR ERROR DEBUG"),
        ("small_letters", "ERROR ERROR ERROR INFO"),
        ("json_behind_prefix", "ERROR ERROR ERROR"),
        ("words_in_text", "INFO NONE NONE INFO NONE"),
        ("plain_exception", "INFO ERROR ERROR ERROR ERROR INFO"),
        ("node_error", "INFO NONE NONE NONE NONE ERROR ERROR ERROR NONE NONE INFO"),
        ("progress", "INFO NONE INFO"),
        ("bom", "ERROR INFO"),
        ("crlf", "INFO ERROR"),
    ],
)
def test_levels(name: str, levels: str) -> None:
    assert [line.level.name for line in lines(name)] == levels.split()


@pytest.mark.parametrize(
    ("name", "errors", "shown"),
    [
        ("colours", 2, 2),
        ("field_names", 4, 4),
        ("small_letters", 3, 3),
        ("json_behind_prefix", 3, 3),
        ("words_in_text", 0, 0),
        ("plain_exception", 1, 4),
        ("node_error", 1, 3),
        ("exception_group", 1, 30),
        ("bom", 1, 1),
        ("crlf", 1, 1),
    ],
)
def test_errors_are_counted_once_and_shown_whole(name: str, errors: int, shown: int) -> None:
    log = opened(FILES / f"{name}.log")
    assert log.counts.errors == errors
    assert len(severe(log)) == shown


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("field_names", "00:55:04.118 00:55:06.118 00:55:09.118 - 00:55:11.118"),
        ("small_letters", "10:00:01.000 10:00:02.000 10:00:03.000 10:00:04.000"),
        ("json_behind_prefix", "14:08:19.697 14:08:19.697 14:08:19.697"),
        ("words_in_text", "10:00:01.123 10:00:05.000 - 10:00:06.000 -"),
        ("bom", "10:00:01.000 10:00:02.000"),
    ],
)
def test_times_are_the_lines_own(name: str, times: str) -> None:
    found = [datetime.fromtimestamp(at, UTC) if (at := line.written) else None for line in lines(name)]
    assert [f"{at:%H:%M:%S.%f}"[:-3] if at else "-" for at in found] == times.split()


def test_json_behind_a_prefix_is_taken_apart_and_the_prefix_stays() -> None:
    first, second, third = records("json_behind_prefix")
    for record in (first, second, third):
        assert (record.message, record.word, record.logger) == ("Error in recv_task", "ERROR", "acme.stt")
        assert record.field("job_id") == "AJ_1"
        assert record.body[-1] == "acme._exceptions.APIStatusError: closed (status_code=-1)"
    assert [record.field("prefix") for record in (first, second, third)] == ["", "agent-1", ""]


def test_a_carriage_return_overwrites_as_on_a_terminal() -> None:
    shown = records("progress")[1].text
    assert shown.startswith("model.onnx: 100%|###")
    assert "51%" not in shown and "\r" not in shown


@pytest.mark.parametrize("name", ["bom", "crlf"])
def test_byte_order_mark_and_line_ends_are_no_text(name: str) -> None:
    for record in records(name):
        assert plain(record.text).isprintable()
        assert record.message in ("first", "second", "two") or record.message.endswith("INFO bot - one")


def test_text_of_two_bytes_a_letter_is_called_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(NotOpened, match="is UTF-16 text; convert it first: iconv -f UTF-16 "):
        opened(FILES / "utf16.log")
    (tmp_path / "bare.log").write_bytes("2026-11-28 10:00:00 INFO ready\r\n".encode("utf-16-le"))
    with pytest.raises(NotOpened, match="is UTF-16 text"):
        opened(tmp_path / "bare.log")
