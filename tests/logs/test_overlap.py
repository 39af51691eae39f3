"""A log that was cut: nothing lost and nothing repeated, or a mark that says so."""

from __future__ import annotations

from random import Random

import pytest

from tests.logs.fakes import EPOCH, line
from tests.logs.transcript import Rig, Server, campaign, check_log
from tui.logs.log import Kind
from tui.logs.overlap import HELD_BYTES, HELD_LINES
from tui.logs.stream_end import Cause, StreamEnd

CUT = StreamEnd(Cause.CUT, "connection reset")
QUIET = StreamEnd(Cause.QUIET)
UNLESS = "nothing missed, unless it was restarted"


def notices(rig: Rig) -> list[tuple[Kind, str]]:
    return [(notice.kind, notice.outcome) for notice in rig.log.notices.values()]


def raws(rig: Rig) -> list[bytes]:
    return [line.raw for line in rig.log.lines(0, rig.log.end) if not line.notice]


@pytest.mark.parametrize("seed", range(100))
def test_campaign_small(seed: int) -> None:
    campaign(seed)


@pytest.mark.campaign
def test_campaign_whole() -> None:
    for seed in range(100, 4100):
        campaign(seed)


@pytest.mark.parametrize("seed", range(100))
def test_no_mark_where_everything_came_again(seed: int) -> None:
    """`check_log` accepts a mark at every cut; where the lines prove the join, there must be none."""
    rig = campaign(seed, full_snapshots=True)
    assert rig.log.counts.gaps == 0
    assert not [notice for notice in rig.log.notices.values() if notice.kind is Kind.GAP]


@pytest.mark.parametrize("snapshot", [pytest.param(10_000, marks=pytest.mark.campaign), 12, 0])
def test_cut_at_every_byte(snapshot: int) -> None:
    server = Server(Random(7), snapshot)
    server.print(130)
    transcript = b"".join(line + b"\n" for line in server.printed)
    assert len(transcript) > 2000
    for at in range(0, len(transcript) + 1, 1 if snapshot else 9):
        rig = Rig()
        rig.open()
        rig.send(transcript[:at])
        rig.cut(CUT)
        rig.wait(1.0)
        rig.open()
        rig.send(server.stream()[0])
        rig.wait(6.0)
        check_log(rig, server.printed, f"cut at {at}")
        whole_lines = transcript[:at].count(b"\n")
        if snapshot == 10_000 and whole_lines > 3:
            assert raws(rig) == server.printed, f"cut at {at}: could have been joined"
            assert [kind for kind, _ in notices(rig)] == [Kind.INFO]


@pytest.mark.parametrize("timed", [True, False])
def test_joined_stream_says_nothing_missed(timed: bool) -> None:
    """Without times, a program that begins with the lines that came last may have been started again."""
    lines = [line(f"n {n}", at=EPOCH + n) if timed else b"n %d" % n for n in range(1, 6)]
    rig = Rig()
    rig.open()
    rig.send(b"".join(each + b"\n" for each in lines[:4]))
    rig.cut(CUT)
    assert notices(rig)[0][1] == "reconnecting"
    rig.wait(2.0)
    rig.open()
    rig.send(b"".join(each + b"\n" for each in lines[1:]))
    assert raws(rig) == lines
    assert notices(rig) == [(Kind.INFO, "nothing missed" if timed else UNLESS)]
    assert rig.log.counts.gaps == 0


def test_without_overlap_a_gap_is_marked_with_its_times() -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n4\n")
    rig.cut(CUT)
    rig.wait(14.0)
    rig.open()
    rig.send(b"90\n91\n92\n")
    rig.wait(1.0)
    (notice,) = rig.log.notices.values()
    assert (notice.kind, notice.outcome) == (Kind.GAP, "14 s may be missing")
    words = notice.words(lambda at: f"<{at - EPOCH:.0f}>")
    assert words == "us-east: stream lost <1000>, back <1014>, 14 s may be missing (connection reset)"
    assert rig.log.counts.gaps == 1
    assert round(rig.assembler.stream.missed) == 14


def test_a_backlog_that_was_rotated_meanwhile_says_how_much_came_before() -> None:
    """The end of what was received is not in it, so nothing proves where it goes on."""
    rig = Rig()
    rig.open()
    lines = [line(f"n {number}", at=EPOCH + number) for number in range(80)]
    rig.send(b"".join(each + b"\n" for each in lines))
    rig.cut(CUT)
    rig.wait(14.0)
    rig.open()
    again = [*lines[4:77], *(line(f"m {number}", at=EPOCH + 200 + number) for number in range(9))]
    rig.send(b"".join(each + b"\n" for each in again))
    rig.wait(6.0)
    assert notices(rig) == [(Kind.GAP, "14 s may be missing, 73 lines below came before")]
    assert raws(rig) == [*lines, *again], "none is left out without a proof"


def test_one_line_that_came_before_is_told_by_its_time_and_others_by_their_company() -> None:
    """What programs print again and again is in every backlog."""
    timed = [line(f"n {number}", at=EPOCH + number) for number in range(4)]
    plain = [b"starting", b"ping", b"ready", b"ping"]
    for lines, again, said in (
        (timed, timed[1], ", 1 line below came before"),
        (plain, b"ping", ""),
    ):
        rig = Rig()
        rig.open()
        rig.send(b"".join(each + b"\n" for each in lines))
        rig.cut(CUT)
        rig.wait(14.0)
        rig.open()
        rig.send(b"x 1\n%b\nx 2\nx 3\n" % again)
        rig.wait(6.0)
        assert notices(rig) == [(Kind.GAP, f"14 s may be missing{said}")]


def test_of_a_long_backlog_that_was_rotated_not_all_that_came_before_is_counted() -> None:
    rig = Rig()
    rig.open()
    lines = [line(f"n {number}", at=EPOCH + number) for number in range(6000)]
    rig.send(b"".join(each + b"\n" for each in lines))
    rig.cut(CUT)
    rig.open()
    rig.send(b"".join(each + b"\n" for each in lines[:-3]))
    rig.wait(40.0)
    rig.send(line("m", at=EPOCH + 7000) + b"\n")
    rig.wait(6.0)
    (said,) = [outcome for kind, outcome in notices(rig) if kind is Kind.GAP]
    assert "at least" in said and said.endswith("lines below came before")


@pytest.mark.parametrize(("held", "width"), [(HELD_LINES, 1), (HELD_BYTES // 30_000, 30_000)])
def test_where_no_more_is_held_what_came_before_may_be_more_than_is_counted(held: int, width: int) -> None:
    """Of what is held lines and bytes have an end; what follows is not compared any more."""
    for more, least in ((0, ""), (9, "at least ")):
        rig = Rig()
        rig.open()
        before = [line(f"n {number}", at=EPOCH + number) for number in range(40)]
        rig.send(b"".join(each + b"\n" for each in before))
        rig.cut(CUT)
        rig.open()
        fresh = [line(f"m {number} {'x' * width}", at=EPOCH + 7000 + number) for number in range(held + 20)]
        again = [before[0], fresh[0], *before[1:9], *fresh[1 : held - 20 + 4 * more]]
        rig.send(b"".join(each + b"\n" for each in again))
        rig.wait(6.0)
        (said,) = [outcome for kind, outcome in notices(rig) if kind is Kind.GAP]
        assert said.endswith(f", {least}9 lines below came before"), said


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_between_does_not_change_what_may_be_missing(jump: float) -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n4\n")
    rig.cut(CUT)
    rig.wait(14.0)
    rig.clock_ahead = jump
    rig.open()
    rig.send(b"90\n91\n92\n")
    rig.wait(1.0)
    assert notices(rig) == [(Kind.GAP, "14 s may be missing")]


def test_a_log_that_never_falls_silent_is_not_held_back() -> None:
    """As after a deploy: another instance, which prints all the time and nothing that is known."""
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n4\n")
    rig.cut(CUT)
    rig.open()
    begun = rig.now
    sent = []
    while len(raws(rig)) == 4:
        sent.append(f"line {len(sent)}".encode())
        rig.send(sent[-1] + b"\n")
        rig.wait(0.2)
        assert rig.now - begun < 6.0
    assert raws(rig)[4:] == sent
    assert notices(rig)[0][0] is Kind.GAP


def test_a_slow_snapshot_of_known_lines_is_waited_for() -> None:
    rig = Rig()
    rig.open()
    lines = [f"line {n}".encode() for n in range(40)]
    rig.send(b"\n".join(lines) + b"\n")
    rig.cut(CUT)
    rig.open()
    for known in lines:
        rig.send(known + b"\n")
        rig.wait(0.4)
    assert raws(rig) == lines
    assert notices(rig) == [(Kind.INFO, UNLESS)]


def test_a_slow_snapshot_whose_beginning_fits_too_is_waited_for() -> None:
    """A program that was started twice: the snapshot begins as what came last."""
    past = b"start load ready a b c start load ready".split()
    rig = Rig()
    rig.open()
    rig.send(b"\n".join(past) + b"\n")
    rig.cut(CUT)
    rig.open()
    for part in (past[:3], past[3:7], [*past[7:], b"new"]):
        rig.send(b"\n".join(part) + b"\n")
        rig.wait(2.0)
    assert raws(rig)[-1] == b"new"
    assert notices(rig) == [(Kind.GAP, "lines may be repeated below")]


def test_two_equal_lines_prove_nothing() -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\nping\npong\n")
    rig.cut(CUT)
    rig.open()
    rig.send(b"ping\npong\n7\n")
    rig.wait(1.0)
    assert notices(rig)[0][0] is Kind.GAP
    assert raws(rig)[-3:] == [b"ping", b"pong", b"7"]


def test_one_line_with_its_own_time_proves_enough() -> None:
    first, second = line("registered worker", at=EPOCH), line("received job", at=EPOCH + 5)
    rig = Rig()
    rig.open()
    rig.send(first + b"\n")
    rig.cut(CUT)
    rig.open()
    rig.send(first + b"\n" + second + b"\n")
    assert raws(rig) == [first, second]
    assert notices(rig) == [(Kind.INFO, "nothing missed")]


def test_ambiguous_overlap_loses_nothing_and_says_so() -> None:
    """Four equal lines and a snapshot of five: one or two of them may be new."""
    rig = Rig()
    rig.open()
    rig.send(b"a\n" + b"same\n" * 4)
    rig.cut(CUT)
    rig.open()
    rig.send(b"same\n" * 5)
    rig.wait(6.0)
    assert raws(rig).count(b"same") == 4 + 2, "as many as may be new"
    assert notices(rig) == [(Kind.GAP, "lines may be repeated below")]


@pytest.mark.parametrize(("timed", "news", "marks"), [(True, 1, []), (False, 0, []), (False, 1, [UNLESS])])
def test_silent_reconnect_that_cost_nothing_leaves_no_mark(timed: bool, news: int, marks: list[str]) -> None:
    """What is new and came without a time may be of a program that was started again meanwhile."""
    lines = [line(f"n {n}", at=EPOCH + n) if timed else b"n %d" % n for n in range(4)]
    rig = Rig()
    rig.open()
    rig.send(b"".join(each + b"\n" for each in lines[:3]))
    rig.wait(75.0)
    rig.cut(QUIET)
    rig.open()
    rig.send(b"".join(each + b"\n" for each in lines[: 3 + news]))
    rig.wait(1.0)
    assert raws(rig) == lines[: 3 + news]
    assert [outcome for _, outcome in notices(rig)] == marks


def test_silent_reconnect_that_may_have_cost_lines_is_marked_from_the_last_byte() -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n")
    rig.wait(75.0)
    rig.cut(QUIET)
    rig.open()
    rig.send(b"8\n9\n")
    rig.wait(1.0)
    assert [(kind, outcome) for kind, outcome in notices(rig)] == [(Kind.GAP, "75 s may be missing")]


@pytest.mark.parametrize(
    ("ends", "missing"),
    [
        ((QUIET, StreamEnd(Cause.DOWN)), "89 s may be missing"),  # the ping after the silence failed
        ((CUT, StreamEnd(Cause.DOWN)), "14 s may be missing"),
        ((None, StreamEnd(Cause.ASLEEP)), "14 s may be missing"),  # nobody looked, then it was asleep
    ],
)
def test_what_may_be_missing_begins_where_the_log_was_last_whole(
    ends: tuple[StreamEnd | None, StreamEnd], missing: str
) -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n")
    rig.wait(75.0)
    if ends[0]:
        rig.cut(ends[0])
    else:
        rig.assembler.closed(rig.now, rig.wall)
    rig.wait(10.0)
    rig.cut(ends[1])
    rig.wait(4.0)
    rig.open()
    rig.send(b"8\n9\n")
    rig.wait(1.0)
    assert notices(rig)[-1] == (Kind.GAP, missing)
    assert rig.log.counts.gaps == 1


def test_reconnects_that_bring_nothing_share_one_line() -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n")
    for _ in range(20):
        rig.cut(StreamEnd(Cause.EOF))
        rig.wait(1.0)
        rig.open()
        rig.send(b"1\n2\n3\n")
        rig.wait(1.0)
    assert len(notices(rig)) == 1
    assert raws(rig) == [b"1", b"2", b"3"]


def test_after_a_gap_only_what_came_since_is_compared() -> None:
    """The next snapshot holds the lines that the gap has cost: they are known to be before what is known."""
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\n4\n")
    rig.cut(CUT)
    rig.open()
    rig.send(b"90\n91\n92\n")
    rig.wait(1.0)
    rig.cut(CUT)
    rig.open()
    rig.send(b"88\n89\n90\n91\n92\n93\n")
    rig.wait(1.0)
    assert raws(rig) == [b"1", b"2", b"3", b"4", b"90", b"91", b"92", b"93"]
    assert [kind for kind, _ in notices(rig)] == [Kind.GAP, Kind.INFO]


def test_piece_of_a_line_that_never_came_whole_is_shown_as_such() -> None:
    rig = Rig()
    rig.open()
    rig.send(b"1\n2\n3\nhalf a li")
    rig.cut(CUT)
    rig.open()
    rig.send(b"50\n51\n52\n")
    rig.wait(1.0)
    shown = [(line.raw, line.cut) for line in rig.log.lines(0, rig.log.end) if not line.notice]
    assert (b"half a li", True) in shown
    assert shown[-1] == (b"52", False)


def test_overlap_with_another_end_of_the_cut_line_is_no_proof() -> None:
    """The lines before agree, but the line that was cut went on differently: another instance."""
    rig = Rig()
    rig.open()
    rig.send(b"boot\nload\nready\nserving on 81")
    rig.cut(CUT)
    rig.open()
    rig.send(b"boot\nload\nready\nfailed\n")
    rig.wait(6.0)
    assert notices(rig)[0][0] is Kind.GAP
    assert raws(rig)[-1] == b"failed"


def test_long_snapshot_of_which_only_the_end_is_remembered() -> None:
    rig = Rig()
    rig.open()
    lines = [f"line {n}".encode() for n in range(30_000)]
    rig.send(b"\n".join(lines[:20_000]) + b"\n")
    rig.cut(CUT)
    rig.open()
    rig.send(b"\n".join(lines[2000:]) + b"\n")
    rig.wait(1.0)
    assert raws(rig) == lines
