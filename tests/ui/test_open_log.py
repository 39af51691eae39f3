"""`:open` reads a log back from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import Input

from tests.fixtures.screen import playing
from tests.logs.fakes import line
from tests.logs.test_archive import unfit
from tests.scenes import Scene, settled, typed
from tui.ui.commandline.line import path_typed
from tui.ui.commandline.prompt import Prompt

HOSTILE = b"\n\x1b[2J\x1b]52;c;eA==\x07 [/] [@click=x]\n"


async def test_a_file_is_opened_by_a_command_and_left_with_a_key(tmp_path: Path) -> None:
    (tmp_path / "incident.log").write_bytes(line("all is lost") + HOSTILE)
    async with playing(Scene("open", rested=True)) as (app, pilot):
        before = app.main.logs.reader.model.log
        await typed(pilot, "colon", *"open ")
        app.post_message(Paste(f"{tmp_path}/inc"))
        await settled(pilot)
        suggester = app.main.query_one(Prompt).query_one(Input).suggester
        assert suggester is not None
        assert await suggester.get_suggestion(f"open {tmp_path}/inc") == f"open {tmp_path}/incident.log"
        await typed(pilot, *"ident.log", "enter")
        logs = app.main.logs
        lines = logs.reader.lines
        shown = [lines.render_line(y).text for y in range(lines.size.height)]
        assert any("all is lost" in row for row in shown)
        assert any("␛[2J␛]52;c;eA==␇ [/] [@click=x]" in row for row in shown)
        assert logs.reader.file == "incident.log" and logs.pinned
        for path, why in unfit(tmp_path).items():
            await typed(pilot, "colon")
            app.post_message(Paste(f"open {path}"))
            await typed(pilot, "enter")
            assert app.said.newest_first[0].text.endswith(why)
            assert logs.reader.file == "incident.log"
        await typed(pilot, "6", "K")
        await settled(pilot)
        assert logs.reader.file == "" and logs.reader.model.log is before


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open /tm", ("open ", "/tm")),
        ("deploy inbound ./a", ("deploy inbound ", "./a")),
        ("deploy inb", ("", "")),
        ("open ", ("", "")),
        ("open", ("", "")),
        ("open a b", ("", "")),
        ("find /tmp", ("", "")),
        ("nonsense /tmp", ("", "")),
        ("open 'a b", ("", "")),
    ],
)
def test_a_path_is_completed_where_a_command_takes_one(text: str, found: tuple[str, str]) -> None:
    assert path_typed(text) == found
