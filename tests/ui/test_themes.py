"""Every shipped theme can be worn, and shows its tones."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.screen import ModalScreen
from textual.widgets import Input

from tests.portrait import strips
from tests.scenes import Scene, known, typed
from tui.fleet.lists.cells import Cell
from tui.operations.fields import Field
from tui.ui import theme
from tui.ui.app import Lktop
from tui.ui.dialogs.fields.base import LineInput, MultilineInput
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.terminal.detect import ColorSystem
from tui.ui.terminal.palette import INDEX
from tui.ui.widgets.lines import Lines

THEMES = {item.name: item for item in theme.load().themes}


class Wearer(App[None]):
    """Shows what a theme has to dress: our lines, Textual's input, toasts and dialogs."""

    CSS_PATH = Path(inspect.getfile(Lktop)).parent / "style.tcss"

    def __init__(self, name: str, depth: ColorSystem = "truecolor") -> None:
        super().__init__()
        self.register_theme({item.name: item for item in theme.load(depth=depth).themes}[name])
        self.theme = name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """As the program has them."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """A line of ours and a field of Textual's."""
        yield Lines(id="lines")
        yield Input()


@pytest.mark.parametrize("name", THEMES)
async def test_a_theme_can_be_worn(name: str) -> None:
    app = Wearer(name)
    async with app.run_test() as pilot:
        lines = app.query_one(Lines)
        lines.set_lines([tuple(Cell(tone, tone) for tone in theme.TONES)])
        app.notify("a toast")
        await app.push_screen(ModalScreen())
        await pilot.pause()
        variables = THEMES[name].variables
        for tone in theme.TONES:
            color = lines.tone_style(tone).color
            assert color == Color.parse(variables[f"tone-{tone}"]).rich_color
        assert lines.tone_style("text", "cursor").bgcolor != lines.tone_style("text", "blurred").bgcolor


@pytest.mark.parametrize("name", THEMES)
async def test_nothing_is_mixed_on_a_terminal_of_256_colours(name: str) -> None:
    """Not even by Textual, for the cursor, a selection or an empty field: a mixture is in no palette."""
    app = Wearer(name, "256")
    async with app.run_test() as pilot:
        app.query_one(Lines).set_lines([tuple(Cell(tone, tone) for tone in (*theme.TONES, "alarm"))])
        field = app.query_one(Input)
        app.notify("a toast", severity="error")
        for field.value, field.placeholder in (("", "a hint"), ("abc", "")):
            field.select_all()
            await pilot.pause()
            styles = {segment.style for strip in strips(app) for segment in strip if segment.style}
            assert len(styles) > 8
            for style in styles:
                for color in filter(None, (style.color, style.bgcolor)):
                    assert color.triplet is None or tuple(color.triplet) in INDEX, (style, color)


async def test_an_empty_input_and_its_cursor_show_on_a_terminal_of_16_colours() -> None:
    """In a palette that is not known, only a line beneath and reversed colours are sure to show."""
    app = Wearer("ansi16", "16")
    async with app.run_test() as pilot:
        await app.mount(field := LineInput("", id="field"))
        field.focus()
        await pilot.pause()
        line = list(
            strips(app)[field.content_region.y].crop(field.content_region.x, field.content_region.right)
        )
        assert all(segment.style and segment.style.underline for segment in line)
        cursor = line[0].style
        assert line[0].text == " " and cursor is not None and cursor.reverse
        assert cursor.color is not None and cursor.color.is_default
        assert cursor.bgcolor is not None and cursor.bgcolor.is_default


async def test_two_fields_of_several_lines_are_told_apart_on_a_terminal_of_16_colours() -> None:
    """Underlined throughout, they would be one ruled sheet."""
    app = Wearer("ansi16", "16")
    async with app.run_test() as pilot:
        await app.mount(block := MultilineInput(Field("block", "block", value="a\nb", lines=3)))
        await pilot.pause()
        area = block.content_region
        rows = [strip.crop(area.x, area.right) for strip in strips(app)[area.y : area.bottom]]
        lined = [{bool(part.style and part.style.underline) for part in row} for row in rows]
        assert lined == [{False}, {False}, {True}]


@pytest.mark.parametrize("depth", ["truecolor", "256"])
async def test_fields_that_touch_are_told_apart_by_a_line_along_their_bottom(depth: ColorSystem) -> None:
    """What is typed has none, for its underscores; nor has the cursor."""
    app = Wearer("dark", depth)
    async with app.run_test(size=(20, 12)) as pilot:
        block = MultilineInput(Field("block", "block", value="a", lines=2))
        await app.mount_all([LineInput("A_B", id="first"), SecretInput(id="second"), block])
        app.query_one("#first").focus()
        await pilot.pause()
        area = app.query_one("#first").region
        lines = [strip.text for strip in strips(app)[area.y : area.y + 4]]
        assert lines == [
            " A_B ▁▁▁▁▁▁▁▁▁▁▁▁▁▁ ",
            " type or paste▁▁▁▁  ",
            " a                  ",
            " ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ ",
        ]
        focused, other = (list(strips(app)[area.y + y])[-2].style for y in (0, 3))
        for edge in (focused, other):
            assert edge is not None and edge.color != edge.bgcolor
        assert focused != other


async def test_a_list_behind_a_dialog_shows_that_it_has_not_the_keyboard() -> None:
    """Of 16 colours none can be dimmed: two bright cursors would be on the screen."""
    scene = Scene("behind")
    await asyncio.to_thread(known, scene.scenario, None)
    app = scene.app("ansi16")
    async with app.run_test(size=(120, 40)) as pilot:
        await typed(pilot)
        table = app.main.agents.table
        bright = table.tone_style("text", "cursor").bgcolor

        def is_bright() -> bool:
            return any(
                part.style is not None and part.style.bgcolor == bright for part in table.render_line(1)
            )

        assert is_bright()
        await typed(pilot, "question_mark")
        assert not is_bright()
        await typed(pilot, "escape")
        assert is_bright()


async def test_a_theme_is_one_file(tmp_path: Path) -> None:
    """It is there with its file, can be chosen by name, and is gone with its file."""
    file = tmp_path / "mine.toml"
    dark = (theme.directory() / "dark.toml").read_text(encoding="utf-8")
    file.write_text(dark.replace("#7bd88f", "#00ff00"), encoding="utf-8")
    scene = Scene("theme")
    await asyncio.to_thread(known, scene.scenario, None)  # on an event loop of its own
    app = scene.app(theme_dirs=(tmp_path,))
    async with app.run_test() as pilot:
        await typed(pilot, "colon", *"theme mine", "enter")
        assert app.theme == "mine"
        assert app.theme_variables["tone-ok"] == "#00ff00"
    file.unlink()
    assert "mine" not in scene.app(theme_dirs=(tmp_path,)).available_themes
