"""A key has its effect on the screen that it was pressed for."""

from __future__ import annotations

import pytest
from textual.events import Key

from tests.fixtures.screen import playing
from tests.scenes import Scene, settled
from tui.ui.overlays.raw import Raw
from tui.ui.widgets.table import LineTable


async def test_a_key_does_nothing_on_a_screen_that_opened_while_it_was_on_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Scene("calm")) as (app, pilot):
        raw = Raw("room", b'{"metadata": "ann"}', None, copy=lambda text: None)

        async def opens(table: LineTable, event: Key) -> None:
            if app.screen is app.main:
                await app.push_screen(raw)

        monkeypatch.setattr(LineTable, "on_key", opens, raising=False)
        for revealed in (False, True):
            app.post_message(Key("x", "x"))
            await settled(pilot)
            assert app.screen is raw and raw._revealed is revealed
