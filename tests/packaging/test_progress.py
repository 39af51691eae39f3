"""A build's stream: what steps come of it, however it announces them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.packaging.progress import Build, BuildOutcome, BuildProgress
from tui.packaging.solve import UnreadableStatus, read_bytes, read_line, read_time
from tui.packaging.steps import TAIL, BuildStep, StepState

Part = dict[str, object]
ZERO = 1_786_439_040.0
"""2026-08-11T09:04:00Z"""


NULLS = (
    '{"vertexes":[{"digest":"sha256:a","name":"[1/2] FROM python","started":"2026-08-11T09:05:01Z"}]}',
    '{"vertexes":[{"digest":"sha256:a","name":"[1/2] FROM python","started":"2026-08-11T09:05:01Z",'
    '"completed":"2026-08-11T09:05:04Z","inputs":null,"cached":null,"error":null,"progressGroup":null}],'
    '"statuses":null,"warnings":[null,{"vertex":"sha256:a","short":null,"detail":null}],'
    '"logs":[{"vertex":"sha256:a","stream":1,"data":null,"timestamp":"2026-08-11T09:05:03Z"},'
    '{"vertex":"sha256:a","stream":1,"data":"b25lCg==","timestamp":null}]}',
)
"""Lines as BuildKit's types write them: output without bytes is null."""


def at(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"2026-08-11T09:{4 + int(minutes):02d}:{rest:09.6f}Z"


def vertex(
    digest: str,
    name: str = "",
    started: float | None = None,
    completed: float | None = None,
    **more: object,
) -> Part:
    part: Part = {"digest": digest, "name": name or f"step {digest}", **more}
    if started is not None:
        part["started"] = at(started)
    if completed is not None:
        part["completed"] = at(completed)
    return part


def log(digest: str, data: str | bytes, when: float = 1.0, stream: int = 1) -> Part:
    raw = data.encode() if isinstance(data, str) else data
    encoded = base64.b64encode(raw).decode()
    return {"vertex": digest, "stream": stream, "data": encoded, "timestamp": at(when)}


def status(digest: str, name: str, current: int, total: int, **times: float) -> Part:
    part: Part = {"id": name, "vertex": digest, "current": current, "total": total, "timestamp": at(0)}
    return part | {key: at(value) for key, value in times.items()}


def line(
    *,
    vertexes: Iterable[Part] = (),
    statuses: Iterable[Part] = (),
    logs: Iterable[Part] = (),
    warnings: Iterable[Part] = (),
) -> bytes:
    parts = {"vertexes": vertexes, "statuses": statuses, "logs": logs, "warnings": warnings}
    return json.dumps({key: list(value) for key, value in parts.items() if list(value)}).encode()


def follow_lines(*lines: bytes) -> Build:
    build = Build()
    for one in lines:
        build.feed(one)
    return build


def now(build: Build, seconds: float = 10.0) -> BuildProgress:
    return build.progress(ZERO + seconds)


def only(build: Build, seconds: float = 10.0) -> BuildStep:
    (step,) = now(build, seconds).steps
    return step


STATES: list[tuple[str, list[Part], StepState, float]] = [
    ("announced", [vertex("a")], StepState.WAITING, 0),
    ("begun", [vertex("a", "", 1)], StepState.RUNNING, 9),
    ("done", [vertex("a", "", 1, 3)], StepState.DONE, 2),
    ("cached", [vertex("a", "", 1, 1, cached=True)], StepState.CACHED, 0),
    ("failed", [vertex("a", "", 1, 3, error="exit code: 2")], StepState.FAILED, 2),
    ("cancelled", [vertex("a", "", 1, 3, error="rpc: context canceled")], StepState.CANCELLED, 2),
    ("failed without having begun", [vertex("a", "", error="no such stage")], StepState.FAILED, 0),
    ("begun, then announced without a start", [vertex("a", "", 1), vertex("a")], StepState.RUNNING, 9),
    ("done, then announced without a start", [vertex("a", "", 1, 3), vertex("a")], StepState.DONE, 2),
    ("begun again", [vertex("a", "", 1, 3), vertex("a", "", 5)], StepState.RUNNING, 7),
    ("done twice", [vertex("a", "", 1, 3), vertex("a", "", 5), vertex("a", "", 5, 6)], StepState.DONE, 3),
    ("done twice at once", [vertex("a", "", 1, 4), vertex("a", "", 2, 6)], StepState.DONE, 5),
    ("one of two runs goes on", [vertex("a", "", 1), vertex("a", "", 2, 4)], StepState.RUNNING, 9),
    (
        "an error that is taken back",
        [vertex("a", "", 1, 2, error="x"), vertex("a", "", 3, 4)],
        StepState.DONE,
        2,
    ),
    ("Go's zero time is no time", [{**vertex("a"), "started": "0001-01-01T00:00:00Z"}], StepState.WAITING, 0),
    ("a null time is no time", [{**vertex("a"), "started": None}], StepState.WAITING, 0),
    ("a time that is none", [{**vertex("a"), "started": "soon"}], StepState.WAITING, 0),
]


@pytest.mark.parametrize(
    ("parts", "state", "duration"), [case[1:] for case in STATES], ids=[c[0] for c in STATES]
)
def test_the_state_of_a_step(parts: list[Part], state: StepState, duration: float) -> None:
    one_by_one = only(follow_lines(*(line(vertexes=[part]) for part in parts)))
    at_once = only(follow_lines(line(vertexes=parts)))
    assert one_by_one.state is state and one_by_one.duration == pytest.approx(duration, abs=1e-3)
    assert (at_once.state, at_once.duration) == (one_by_one.state, one_by_one.duration)


def test_steps_are_numbered_as_they_begin_and_the_waiting_come_last() -> None:
    build = follow_lines(
        line(vertexes=[vertex("a"), vertex("b"), vertex("c")]),
        line(vertexes=[vertex("c", "", 1)]),
        line(vertexes=[vertex("a", "", 2)]),
    )
    assert [(step.key, step.number) for step in now(build).steps] == [("c", 1), ("a", 2), ("b", 0)]


def test_done_steps_are_counted_of_those_known() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1, 2), vertex("b", "", 1), vertex("c")]))
    assert (now(build).completed, now(build).total) == (1, 3)
    build.feed(line(vertexes=[vertex("d"), vertex("b", "", 1, 4)]))
    assert (now(build).completed, now(build).total) == (2, 4)
    build.feed(line(vertexes=[vertex("a", "", 5)]))
    assert now(build).completed == 1


def grouped(
    digest: str,
    started: float | None = None,
    completed: float | None = None,
    weak: bool = False,
    **more: object,
) -> Part:
    group = {"id": "g", "name": "pull image", "weak": weak}
    return vertex(digest, "", started, completed) | {"progressGroup": group} | more


def test_a_group_is_one_row() -> None:
    build = follow_lines(line(vertexes=[grouped("a", 1, 3), grouped("b", 2, 5), vertex("c", "", 0, 1)]))
    group, alone = now(build).steps
    assert (group.name, group.members, group.state, group.duration) == ("pull image", 2, StepState.DONE, 4)
    assert (alone.name, alone.members) == ("step c", 0)
    assert (now(build).completed, now(build).total) == (1, 1)


GROUPS: list[tuple[str, list[Part], StepState | None]] = [
    ("waits unseen", [grouped("a")], None),
    ("of the weak alone stays unseen", [grouped("a", 1, 2, weak=True)], None),
    ("is seen with one of weight", [grouped("a", 1, 2, weak=True), grouped("b", 2, 3)], StepState.DONE),
    ("waits for the weak too", [grouped("a", 1, weak=True), grouped("b", 2, 3)], StepState.RUNNING),
    ("cached in part", [grouped("a", 1, 1, cached=True), grouped("b", 1, 2)], StepState.DONE),
    ("cached", [grouped("a", 1, 1, cached=True), grouped("b", 1, 1, cached=True)], StepState.CACHED),
    ("failed in part", [grouped("a", 1, 2), grouped("b", 1, 2, error="disk full")], StepState.FAILED),
    ("of the weak that failed", [grouped("a", 1, 2, weak=True, error="disk full")], StepState.FAILED),
]


@pytest.mark.parametrize(("parts", "state"), [case[1:] for case in GROUPS], ids=[case[0] for case in GROUPS])
def test_the_state_of_a_group(parts: list[Part], state: StepState | None) -> None:
    steps = now(follow_lines(line(vertexes=parts))).steps
    assert [step.state for step in steps] == ([] if state is None else [state])
    if state is StepState.FAILED:
        assert steps[0].error == "disk full"


def test_sub_statuses_are_merged_by_id() -> None:
    build = follow_lines(
        line(vertexes=[vertex("a", "", 1)], statuses=[status("a", "pulling", 10, 100, started=1)]),
        line(statuses=[status("a", "pulling", 60, 100), status("a", "extracting", 0, 0, started=4)]),
        line(statuses=[status("a", "pulling", 100, 100, completed=3)]),
    )
    pulling, extracting = only(build).parts
    assert (pulling.text, pulling.current, pulling.total, pulling.duration, pulling.done) == (
        *("pulling", 100, 100),
        *(2.0, True),
    )
    assert (extracting.done, extracting.duration) == (False, 6.0)


def test_what_belongs_to_an_unknown_step_is_passed_over() -> None:
    build = Build()
    build.feed(line(statuses=[status("x", "s", 1, 1, completed=1)], logs=[log("x", "lost\n")]))
    build.feed(line(warnings=[{"vertex": "x", "short": ""}]))
    assert now(build) == now(Build())


LOGS: list[tuple[str, list[str | bytes], list[str]]] = [
    ("whole lines", ["one\ntwo\n"], ["one", "two"]),
    ("lines in pieces", ["o", "ne\nt", "wo\n"], ["one", "two"]),
    ("a letter in pieces", [b"caf\xc3", b"\xa9\n"], ["café"]),
    ("empty lines", ["\n\n"], ["", ""]),
    ("CR LF", ["one\r\n"], ["one"]),
    ("a bar that redraws itself", ["10%\r50%\r", "100%\r\n"], ["100%"]),
    ("a bar and a last word", ["10%\r50%\rdone\n"], ["done"]),
    ("colours", ["\x1b[32mok\x1b[0m\x1b[K\n"], ["ok"]),
    ("a control sequence of another kind", ["\x1b]52;c;eA==\x07\n"], ["␛]52;c;eA==␇"]),
    ("bytes that are no text", [b"\xff\xfe\n"], ["\ufffd\ufffd"]),
]


@pytest.mark.parametrize(("pieces", "expected"), [case[1:] for case in LOGS], ids=[case[0] for case in LOGS])
def test_output_becomes_lines(pieces: list[str | bytes], expected: list[str]) -> None:
    build = follow_lines(
        line(vertexes=[vertex("a", "", 1)]), *(line(logs=[log("a", piece)]) for piece in pieces)
    )
    assert list(only(build).tail) == expected


def test_two_streams_do_not_mix_within_a_line() -> None:
    build = follow_lines(
        line(vertexes=[vertex("a", "", 1)]),
        line(logs=[log("a", "out "), log("a", "err\n", stream=2), log("a", "more\n")]),
    )
    assert only(build).tail == ("err", "out more")


def test_a_line_without_an_end_comes_out_with_the_end_of_its_step() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1)]), line(logs=[log("a", "last words")]))
    assert only(build).tail == ()
    build.feed(line(vertexes=[vertex("a", "", 1, 4)]))
    assert only(build).tail == ("last words",)


def test_a_line_that_never_ends_is_taken_in_pieces() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1)]), line(logs=[log("a", "x" * 70_000)]))
    assert len(only(build).tail) == 1 and len(only(build).tail[0]) <= 4096


def test_only_the_last_lines_are_kept() -> None:
    text = "".join(f"{number}\n" for number in range(TAIL + 50))
    build = follow_lines(line(vertexes=[vertex("a", "", 1)]), line(logs=[log("a", text)]))
    assert (len(only(build).tail), only(build).tail[0], only(build).tail[-1]) == (TAIL, "50", str(TAIL + 49))


def test_warnings_are_kept_with_their_link() -> None:
    warning: Part = {
        "vertex": "a",
        "short": base64.b64encode(b"SecretsUsedInArgOrEnv").decode(),
        "detail": [base64.b64encode(b"do not").decode()],
        "url": "https://docs.docker.com/x\x1b",
    }
    (found,) = now(follow_lines(line(vertexes=[vertex("a", "", 1)], warnings=[warning]))).warnings
    assert (found.text, found.url) == ("SecretsUsedInArgOrEnv: do not", "https://docs.docker.com/x␛")


def test_the_end_of_the_stream_is_success_even_with_a_failed_step() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1, 2, error="ignored"), vertex("b", "", 2)]))
    build.end()
    done = now(build)
    assert (done.outcome, done.error) == (BuildOutcome.SUCCEEDED, "")
    assert [step.state for step in done.steps] == [StepState.FAILED, StepState.CANCELLED]
    assert done.doubtful


def test_a_success_with_every_step_ended_is_beyond_doubt() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1, 2, error="ignored"), vertex("b", "", 2, 3)]))
    assert not now(build).doubtful
    build.end()
    assert not now(build).doubtful


def test_a_build_error_is_failure_and_nothing_counts_after_it() -> None:
    build = follow_lines(
        line(vertexes=[vertex("a", "", 1)], logs=[log("a", "x\n", 4)]), b"BUILD ERROR: exit \x1b[31m1\n"
    )
    build.feed(line(vertexes=[vertex("b", "", 1)]))
    build.end()
    build.cut("gone")
    done = now(build, 600)
    assert (done.outcome, done.error) == (BuildOutcome.FAILED, "exit ␛[31m1")
    (step,) = done.steps
    assert step.state is StepState.CANCELLED and step.duration == pytest.approx(3.0)


@pytest.mark.parametrize("text", [b"BUILD ERROR:", b"BUILD ERROR:   "])
def test_a_build_error_without_a_reason(text: bytes) -> None:
    assert now(follow_lines(text)).error == "no reason given"


def test_a_stream_that_breaks_leaves_the_end_unknown() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1)], logs=[log("a", "x\n", 5)]))
    build.cut("the connection was closed")
    done = now(build, 600)
    assert (done.outcome, done.error) == (BuildOutcome.UNKNOWN, "the connection was closed")
    assert done.steps[0].state is StepState.RUNNING and done.steps[0].duration == pytest.approx(4.0)


def test_the_queue_is_told_and_ends_with_the_first_step() -> None:
    build = Build()
    waiting = b'{"lkQueue":{"message":"Waiting for a builder"}}'
    build.feed(waiting)
    assert now(build).queue == "Waiting for a builder"
    build.feed(line(vertexes=[vertex("a", "", 1)]))
    assert now(build).queue == ""


UNREADABLE = [
    b"hello",
    b"{",
    b"[]",
    b"null",
    b'{"msg":"oops"}',
    b'{"vertexes":[{"name":"no digest"}]}',
    b'{"vertexes":"no list"}',
    b"\xff",
    b"[" * 100_000,
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_line_that_cannot_be_read_is_counted_and_the_build_goes_on(text: bytes) -> None:
    build = follow_lines(line(vertexes=[vertex("a", "", 1)]))
    build.feed(text)
    build.feed(line(vertexes=[vertex("a", "", 1, 2)]))
    assert (now(build).unreadable, only(build).state) == (1, StepState.DONE)
    with pytest.raises(UnreadableStatus):
        read_line(text)


@pytest.mark.parametrize(
    "text", [b"", b"  ", b"{}", b'{"vertexes":null,"logs":null}', b'{"vertexes":[],"new":1}']
)
def test_a_line_with_nothing_in_it_is_nothing(text: bytes) -> None:
    build = Build()
    build.feed(text)
    assert now(build) == now(Build())


def test_times_are_read_to_the_microsecond_and_in_any_zone() -> None:
    assert read_time("2026-08-11T09:04:00Z") == ZERO
    assert read_time("2026-08-11T09:04:00.123456789Z") == pytest.approx(ZERO + 0.123456)
    assert read_time("2026-08-11T11:04:00+02:00") == ZERO
    assert read_time("2026-08-11T09:04:00") == ZERO
    assert [read_time(text) for text in ("", None, "x", "0001-01-01T00:00:00Z")] == [None] * 4


def test_bytes_that_are_no_base64_are_none() -> None:
    assert [read_bytes(text) for text in ("eA==", "x", "é", "")] == [b"x", b"", b"", b""]


def test_names_are_harmless() -> None:
    build = follow_lines(line(vertexes=[vertex("a", "RUN \x1b[2J\u202e", 1)]))
    assert only(build).name == "RUN ␛[2J\\u{202e}"


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, 1, 2]), st.booleans()), max_size=8))
def test_any_order_of_announcements_gives_a_picture_that_holds_together(
    parts: list[tuple[str, int | None, bool]],
) -> None:
    build = Build()
    for digest, started, ends in parts:
        completed = None if started is None or not ends else started + 3
        build.feed(line(vertexes=[vertex(digest, "", started, completed)]))
    seen = now(build)
    assert seen.total == len({part[0] for part in parts}) >= seen.completed
    for step in seen.steps:
        begun = any(part[0] == step.key and part[1] is not None for part in parts)
        assert (step.state is StepState.WAITING) is not begun
        assert bool(step.number) is begun
        assert 0 <= step.duration <= 9


def test_a_null_member_takes_nothing_else_of_its_line_away() -> None:
    build = Build()
    for text in NULLS:
        build.feed(text.encode())
    build.end()
    progress = now(build)
    assert (progress.completed, progress.total, progress.unreadable) == (1, 1, 0)
    assert not progress.doubtful
    assert (only(build).state, only(build).tail) == (StepState.DONE, ("one",))


def test_of_output_that_redraws_itself_the_last_state_is_shown_without_colours() -> None:
    """As uv and pnpm print it."""
    build = Build()
    output = "\x1b[2mResolved \x1b[1m12 packages\x1b[0m in 3ms\r\nDownloading  1%\rDownloading 100%\n"
    build.feed(line(vertexes=[vertex("a", started=0.0)], logs=[log("a", output)]))
    assert only(build).tail == ("Resolved 12 packages in 3ms", "Downloading 100%")
