"""Which panes there is room for, without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.ui.main_screen.layout import ALL_FROM, LEAST, Layout

ALL = Layout(width=ALL_FROM[0], height=ALL_FROM[1])


def shown(arranged: Layout) -> list[str]:
    return [name for name in arranged.names if arranged.shows(name)]


def test_all_panes_where_there_is_room_one_of_those_that_share_a_place() -> None:
    assert shown(ALL) == ["agents", "status", "dispatches", "logs"]
    assert (
        shown(ALL.at("secrets"))
        == shown(ALL.at("secrets").at("logs"))
        == [
            "agents",
            "secrets",
            "dispatches",
            "logs",
        ]
    )
    assert ALL.tabs("status") == (" · 3 Versions · 4 Secrets", " · 3 Ver · 4 Sec", " · 3 · 4")
    assert ALL.tabs("logs") == ()


@pytest.mark.parametrize(
    "one",
    [
        Layout("logs", width=ALL_FROM[0] - 1, height=ALL_FROM[1]),
        Layout("logs", width=ALL_FROM[0], height=ALL_FROM[1] - 1),
        Layout("logs", width=200, height=60, maximised=True),
    ],
)
def test_else_the_current_one_alone(one: Layout) -> None:
    assert shown(one) == ["logs"] and shown(one.at("versions")) == ["versions"]
    assert not one.too_small and one.tabs("versions") == ()


def test_without_agents_the_tree_has_the_room_of_the_logs_until_they_are_asked_for() -> None:
    rooms = replace(ALL, rooms_only=True)
    assert shown(rooms) == shown(rooms.at("dispatches")) == ["agents", "status", "dispatches"]
    assert shown(rooms.at("logs")) == shown(rooms.at("logs").at("agents")) == shown(ALL)
    assert shown(replace(rooms, current="logs", maximised=True)) == ["logs"]


def test_a_line_where_nothing_fits() -> None:
    assert not Layout(width=LEAST[0], height=LEAST[1]).too_small
    for size in ((LEAST[0] - 1, 60), (200, LEAST[1] - 1), (0, 0)):
        small = Layout(width=size[0], height=size[1])
        assert small.too_small and all(len(line) <= max(1, size[0]) for line in small.complaint())
