"""What of a log is on the screen, with lines of any height: a model of keys against what must hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import EPOCH, PROPERTY
from tui.logs.log import Log
from tui.logs.rows import AllRows
from tui.logs.spool import Spool
from tui.ui.logview.page import Page, Position


class Screen:
    """A page on a log whose lines have the heights that the test gives."""

    def __init__(self, heights: list[int], height: int = 5) -> None:
        self.heights = heights
        self.log = Log(Spool(None))
        self.grow(len(heights))
        self.page = Page(self.log, AllRows(self.log), lambda line: self.heights[line])
        self.page.height = height

    def grow(self, count: int) -> None:
        lines = [b"x"] * count
        self.log.append(lines, bytes(count), bytes(count), EPOCH)

    def shown(self) -> list[tuple[int, int]]:
        return [(position.line, position.part) for position in self.page.visible()]


KEYS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-4, 4)),
        st.tuples(st.just("page_by"), st.integers(-6, 6)),
        st.tuples(st.just("scroll"), st.integers(-6, 6)),
        st.tuples(st.just("go_to"), st.integers(0, 40)),
        st.tuples(st.just("grow"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["home", "resume", "pause", "refit"]), st.just(0)),
    ),
    max_size=25,
)


@PROPERTY
@given(st.lists(st.integers(1, 9), max_size=20), st.integers(1, 7), KEYS)
def test_any_keys_leave_a_sound_screen(heights: list[int], height: int, keys: list[tuple[str, int]]) -> None:
    screen = Screen(list(heights), height)
    page = screen.page
    for name, count in keys:
        before, followed = screen.shown(), page.follow
        if name == "grow":
            screen.heights += [2] * count
            screen.grow(count)
        elif name in ("home", "resume", "pause", "refit"):
            getattr(page, name)()
        else:
            getattr(page, name)(count)
        shown = screen.shown()
        rows = [(line, part) for line, tall in enumerate(screen.heights) for part in range(tall)]
        assert len(shown) == min(height, len(rows)) or not page.follow
        if not rows:
            continue
        # a stretch of neighbouring rows, never beyond either end
        start = rows.index(shown[0])
        assert shown == rows[start : start + height]
        assert shown[0][0] <= page.cursor <= shown[-1][0]
        if page.follow:
            assert shown[-1] == rows[-1]
            assert page.unseen == 0
        if name == "grow" and not followed and len(before) == height:
            assert shown == before, "what is being read must stay"
        if name in ("move", "page_by", "scroll") and count < 0:
            assert not page.follow


def test_moving_up_stops_following_and_the_end_resumes() -> None:
    screen = Screen([1] * 20)
    assert screen.shown()[-1] == (19, 0)
    screen.page.move(-1)
    assert not screen.page.follow
    assert screen.page.cursor == 18
    screen.page.resume()
    assert screen.page.follow
    assert screen.page.cursor == 19


def test_unseen_lines_are_counted_until_they_are_seen() -> None:
    screen = Screen([1] * 20)
    screen.shown()
    screen.page.pause()
    screen.heights += [1] * 7
    screen.grow(7)
    screen.shown()
    assert screen.page.unseen == 7
    screen.page.page_by(4)
    screen.shown()
    assert screen.page.unseen == 3
    screen.page.page_by(4)
    screen.shown()
    assert screen.page.unseen == 0


def test_a_line_higher_than_the_screen_is_read_row_by_row() -> None:
    screen = Screen([1, 12, 1])
    screen.page.home()
    seen = set(screen.shown())
    for _ in range(9):
        screen.page.move(1)
        seen |= set(screen.shown())
    assert {(1, part) for part in range(12)} <= seen
    assert screen.page.cursor in (1, 2)
    for _ in range(20):
        screen.page.move(-1)
    assert screen.shown()[0] == (0, 0)


def test_dropped_lines_move_the_screen_to_the_oldest_held() -> None:
    log = Log(Spool(None, ring=64 * 1024, memory=64 * 1024))
    page = Page(log, AllRows(log), lambda line: 1)
    page.height = 5
    log.append([b"x"] * 10, bytes(10), bytes(10), EPOCH)
    page.home()
    for _ in range(300):
        log.append([b"y" * 1000], b"\0", b"\0", EPOCH)
    assert log.first > 0
    assert page.visible()[0] == Position(log.first, 0)
    assert page.cursor == log.first
    assert not page.follow


def test_an_empty_log_takes_every_key() -> None:
    page = Screen([]).page
    for name in ("home", "resume", "pause", "refit", "reveal_cursor"):
        getattr(page, name)()
    for name in ("move", "page_by", "scroll", "go_to"):
        getattr(page, name)(-3)
        getattr(page, name)(3)
    assert page.visible() == []
    assert page.line_at(0) is None
