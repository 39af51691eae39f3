"""What changed while the operator was away: the lines, and when they stand on the screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from textual.events import Key, Paste

from tests.fixtures.clocks import StillClock
from tests.fixtures.screen import playing
from tests.fixtures.views import NOW, view_of
from tests.operations.pictures import asking
from tests.scenes import Scene, settled
from tui.analysis.away import LINES, Absence, summarize
from tui.fleet.past import Event, JobCount, Kind, Severity, Subject
from tui.fleet.view import View
from tui.history.timeline import Timeline
from tui.session.replayed import Replay
from tui.ui.app import Lktop
from tui.ui.attention import ABSENCE, Attention
from tui.ui.overlays.away import QUIET, AwayNotice, AwayScreen
from tui.ui.widgets.lines import Lines


def event(id: str, at: float, **more: object) -> Event:
    """An event of an agent."""
    usual = {
        "kind": Kind.STATUS,
        "severity": Severity.ERROR,
        "text": "x",
        "before": "Running",
        "after": "Error",
    }
    return Event(id=id, at=at, **{**usual, **more})


def view(*events: Event, counts: Sequence[JobCount] = ()) -> View:
    """The incident with this past."""
    by_minute = {(item.agent_name, item.minute): item for item in counts}
    return replace(view_of("incident"), past=Timeline(events=events, counts=by_minute))


def test_what_changed_is_one_line_per_agent_and_the_rest_is_counted() -> None:
    agent = view_of("incident").fleet.agents[0]
    one = Subject(agent_id=agent.agent_id)
    seen = view(
        event("before", NOW - 400, subject=one, before="Sleeping", after="Running"),
        event("a", NOW - 300, subject=one),
        event("b", NOW - 200, subject=one, kind=Kind.CRASH, before="3", after="5"),
        event("c", NOW - 100, kind=Kind.REPLICAS, severity=Severity.INFO, subject=Subject(agent_name="two")),
        *(event(f"r{n}", NOW - 90, kind=Kind.JOB, subject=Subject(agent_name=f"x{n}")) for n in range(5)),
        event("later", NOW - 10, subject=Subject(agent_name="late")),
    )
    found = summarize(seen, Absence(since=NOW - 400, until=NOW - 50))
    assert len(found.lines) == LINES and found.more == 2
    sign, name, *words = found.lines[0]
    assert (sign.text, name.text) == ("✗", agent.name), "the event at the last key was seen: it is left out"
    assert [cell.text for cell in words] == ["Running → Error", "crashes ×2"]
    assert [cell.text for cell in found.lines[1][1:]] == ["x0", "jobs failed ×1"]
    assert summarize(seen, Absence(since=NOW - 5, until=NOW)).lines == ()


def test_jobs_that_succeeded_stand_beside_what_changed_and_are_no_news_alone() -> None:
    minute = int((NOW - 200) // 60)
    counts = [JobCount("one", minute, 30), JobCount("quiet", minute, 9), JobCount("one", minute - 60, 5)]
    absence = Absence(since=NOW - 400, until=NOW - 50)
    failed = event("a", NOW - 300, kind=Kind.JOB, subject=Subject(agent_name="one"))
    (line,) = summarize(view(failed, counts=counts), absence).lines
    assert [cell.text for cell in line[1:]] == ["one", "jobs failed ×1", "jobs succeeded ×30"]
    assert summarize(view(counts=counts), absence).lines == (), "a count alone opens nothing"


def test_of_agents_that_broke_together_each_has_its_own_line_and_its_own_jobs() -> None:
    one, two = view_of("incident").fleet.agents[:2]
    both = event("a", NOW - 300, ids=(one.agent_id, two.agent_id))
    counts = [JobCount(one.name, int((NOW - 200) // 60), 30), JobCount(two.name, int((NOW - 200) // 60), 9)]
    lines = summarize(view(both, counts=counts), Absence(since=NOW - 400, until=NOW - 50)).lines
    assert {line[1].text: [cell.text for cell in line[2:]] for line in lines} == {
        one.name: ["Running → Error", "jobs succeeded ×30"],
        two.name: ["Running → Error", "jobs succeeded ×9"],
    }


def test_while_nothing_happens_it_is_not_summed_up_again() -> None:
    """Of fifty thousand agents that takes a while, in which no key is answered."""
    asked, clock = list[str](), StillClock()

    class Asked(Timeline):
        """Counts who reads the events."""

        def __getattribute__(self, name: str) -> object:
            asked.extend(["events"] * (name == "events"))
            return super().__getattribute__(name)

    attention = Attention()
    attention.pressed(clock.monotonic() - 2 * ABSENCE)
    shown: list[AwayScreen] = []
    notice = AwayNotice(attention, clock, show=shown.append)
    begun = NOW + clock.monotonic()
    seen = replace(view_of("incident"), past=Asked(events=(event("a", begun),)))
    for second in range(5):
        notice.update(replace(seen, now=seen.now + second), is_free=True)
    assert len(shown) == 1
    read = len(asked)
    notice.update(replace(seen, past=Asked(events=(event("b", begun),))), is_free=True)
    assert len(asked) == 2 * read, "another past is"


def test_an_absence_lasts_until_it_was_told() -> None:
    attention = Attention()
    assert attention.absence(9_999.0) is None, "nobody was ever here"
    attention.pressed(10.0)
    assert attention.absence(9.0 + ABSENCE) is None
    assert attention.absence(10.0 + ABSENCE) == (10.0, 10.0 + ABSENCE)
    for at in (400.0, 401.0):
        attention.pressed(at)
        assert attention.absence(at + 1) == (10.0, 400.0), "it was not told: it waits"
    assert attention.absence(900.0) == (10.0, 900.0), "two of which neither was told are one"
    attention.told()
    assert attention.absence(402.0) is None


async def test_the_summary_opens_over_the_main_screen_alone_and_takes_the_keys_that_close_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.ui.app.TICK", 3600.0)  # the test ticks
    async with playing(Scene("incident")) as (app, pilot):
        session, clock = app.session, app.clock
        assert isinstance(session, Replay) and isinstance(clock, StillClock)
        began = time.monotonic()

        async def pass_by(*events: Event) -> None:
            """Five minutes without a key, at the end of which something happens."""
            clock.at += ABSENCE
            session._past = Timeline(events=events)
            app._tick()
            await settled(pilot)

        async def send(*events: Key | Paste, at: float) -> None:
            """All at once, so many seconds after the beginning, however long the rest took."""
            for item in events:
                item.time = began + at
                app.post_message(item)
            await settled(pilot)

        def changed() -> Event:
            return event("new", clock.at + ABSENCE, subject=Subject(agent_name="one"))

        await pass_by()
        assert app.screen is app.main, "nothing has changed"
        await pass_by(changed())
        assert isinstance(app.screen, AwayScreen) and "one" in shown(app)
        app._tick()
        restarted = app.main.agents.table.cursor
        typed = [Key("colon", ":"), *(Key(letter, letter) for letter in "restart"), Key("enter", "\r")]
        await send(*typed, Paste("quit"), at=0.0)
        assert app.at_rest and app.main.agents.table.cursor == restarted, "a letter of it had an effect"
        await send(Key("colon", ":"), at=QUIET / 2)
        assert app.at_rest
        await send(Key("colon", ":"), at=QUIET * 2)
        assert not app.at_rest, "keys work again"

        await pass_by(changed())
        assert app.screen is app.main, "a prompt has the keyboard: it waits"
        await send(Key("escape", None), at=QUIET * 3)
        clock.at += 10
        app._tick()
        await settled(pilot)
        assert isinstance(app.screen, AwayScreen), "it is told once the prompt is closed"
        await send(Key("down", None), at=QUIET * 4)
        assert app.screen is app.main and app.main.agents.table.cursor == restarted

        dialog = asking("restart")(app)
        await app.push_screen(dialog)
        await pass_by(changed())
        assert app.screen is dialog, "a dialog is open: it waits"
        await send(Key("escape", None), at=QUIET * 8)
        assert app.screen is app.main
        clock.at += 10
        app._tick()
        await settled(pilot)
        assert isinstance(app.screen, AwayScreen)
        await send(Key("x", "x"), at=QUIET * 12)
        app._tick()
        await settled(pilot)
        assert app.screen is app.main, "it was told"


def shown(app: Lktop) -> str:
    """The text of the summary."""
    return app.screen.query_one(Lines).text
