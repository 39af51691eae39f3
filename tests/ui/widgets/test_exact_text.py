"""What is typed or pasted stays byte for byte what it was, or is marked and refused with the reason."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.events import Key, Paste

from tui.operations.fields import Field, FieldKind
from tui.ui import theme
from tui.ui.commandline.prompt import Prompt
from tui.ui.dialogs.fields.base import LineInput, MultilineInput, ReasonInput
from tui.ui.dialogs.fields.secret_input import FOREIGN as NOT_UTF8
from tui.ui.dialogs.fields.secret_input import TYPED_CONTROL, SecretInput
from tui.ui.terminal.output_guard import drop_controls
from tui.ui.widgets.exact_text import block, foreign, joined, one_line, without_marks
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.text import width

LATIN = "p\udce4ss"
"""`päss` in Latin-1, as the driver hands it on."""


class Fields(App[None]):
    """One field of each kind."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.defaults()

    def compose(self) -> ComposeResult:
        yield LineInput("", id="line")
        yield MultilineInput(Field("block", "block", FieldKind.BLOCK, lines=3))
        yield SecretInput(id="secret")


@pytest.mark.parametrize(
    ("pasted", "kept", "words"),
    [
        ("lobby\r\n", "lobby", ""),
        ("lob\u200dby\u3000\u2028é漢😀", "lob\u200dby\u3000\u2028é漢😀", ""),
        ("a\rb", "a\udc0ab", "a line break"),
        ("a\tb", "a\udc09b", "a tab"),
        ("a\0b", "a\udc00b", "a NUL"),
        ("a\x1b[31mb", "a\udc1b[31mb", "an escape"),
        ("a\x07b", "a\udc07b", "a control character (0x07)"),
        (LATIN, LATIN, "a byte that is not UTF-8 (0xe4)"),
    ],
    ids=ascii,
)
def test_a_paste_into_one_line(pasted: str, kept: str, words: str) -> None:
    assert one_line(pasted) == kept
    assert foreign(kept) == words
    assert without_marks(kept).encode(), "it can be shown and written"
    assert drop_controls(kept).count("�") == bool(words)
    assert width(kept) == width(without_marks(kept))


@pytest.mark.parametrize(
    ("pasted", "newline", "kept", "words"),
    [
        ('{"a":\t1}\r{"b": 2}\n', "\n", '{"a":\t1}\n{"b": 2}\n', ""),
        ("a\r\nb", "\r\n", "a\nb", ""),
        ("a\r\nb", "\n", "a\udc0d\nb", "a carriage return"),
        ("a\nb", "\r\n", "a\udc0a\nb", "a line break"),
        ("a\x0bb\x85c\u2028d", "\n", "a\udc0bb\udc85c\ude28d", "a control character (0x0b)"),
        ("a\u2029b", "\n", "a\ude29b", "a line separator, which this field cannot hold"),
        ("a\0b", "\n", "a\udc00b", "a NUL"),
        (LATIN, "\n", LATIN, "a byte that is not UTF-8 (0xe4)"),
    ],
    ids=ascii,
)
def test_a_paste_into_a_block(pasted: str, newline: str, kept: str, words: str) -> None:
    assert block(pasted, newline) == kept
    assert foreign(kept) == words


def test_a_reason_is_one_line_of_words() -> None:
    assert joined(" see\tINC-412 \r\n no agents\n") == " see INC-412  no agents"
    assert foreign(joined("a\0b")) == "a NUL"


async def test_keys_that_are_no_key_here_are_marked_in_their_order() -> None:
    app = Fields()
    async with app.run_test() as pilot:
        app.query_one("#line", LineInput).focus()
        for name, character in (("p", "p"), ("\udce4", "\udce4"), ("s", "s"), ("no_break_space", "\xa0")):
            app.post_message(Key(name, character))
        app.post_message(Key("ctrl+@", "\0"))
        app.post_message(Key("ctrl+g", "\x07"))
        app.post_message(Key("left", None))
        await pilot.pause()
        line = app.query_one("#line", LineInput)
        assert line.value == "p\udce4s\xa0\udc00\udc07"
        assert line.cursor_position == len(line.value) - 1
        lines = app.query_one(MultilineInput)
        lines.focus()
        for key in (
            Key("a", "a"),
            Key("ctrl+j", "\n"),
            Key("\udce4", "\udce4"),
            Key("ctrl+@", "\0"),
            Key("b", "b"),
        ):
            app.post_message(key)
        app.post_message(Paste("\nc\rd"))
        await pilot.pause()
        assert lines.answer == "a\n\udce4\udc00b\nc\nd"
        assert lines.cursor_location == (3, 1)


async def test_line_ends_of_another_system_stay_as_they_are() -> None:
    app = Fields()
    async with app.run_test() as pilot:
        lines = app.query_one(MultilineInput)
        lines.focus()
        app.post_message(Paste("a\r\nb\r\n"))
        app.post_message(Paste("c\r\nd"))
        await pilot.pause()
        assert lines.answer == "a\r\nb\r\nc\r\nd"
        app.post_message(Paste("\ne"))
        await pilot.pause()
        assert foreign(lines.answer) == "a line break"


async def test_of_a_secret_with_what_is_no_text_nothing_is_kept_until_it_is_cleared() -> None:
    app = Fields()
    async with app.run_test() as pilot:
        field = app.query_one(SecretInput)
        field.focus()
        for sent, note in (
            ([Key("\udce4", "\udce4")], NOT_UTF8),
            ([Key("ctrl+@", "\0")], TYPED_CONTROL),
            ([Paste("ab\udce4cdefgh")], NOT_UTF8),
        ):
            for event in (Key("p", "p"), *sent, Key("s", "s"), Paste("the rest of it")):
                app.post_message(event)
            await pilot.pause()
            assert (field.value.reveal(), field.note) == ("", note)
            await pilot.press("ctrl+u")
            assert field.note == ""
        for event in (Key("p", "p"), Key("no_break_space", "\xa0"), Key("enter", "\r")):
            app.post_message(event)
        await pilot.pause()
        assert field.value.reveal() == "p\xa0", "an Enter that came with it takes nothing away"
        app.post_message(Key("x", "x"))
        await pilot.pause()
        assert not field.value and "Enter or Tab in the middle" in field.note


async def test_a_command_with_what_is_no_text_is_not_given() -> None:
    class Asking(App[None]):
        def get_theme_variable_defaults(self) -> dict[str, str]:
            return theme.defaults()

        def compose(self) -> ComposeResult:
            yield Prompt()

    given: list[str] = []

    class Mode:
        kind, sign, words, begun = "command", "", "", ""

        def typed(self, text: str) -> tuple[str, bool]:
            return "", False

        def complete(self, text: str) -> str:
            return ""

        def path(self, text: str) -> tuple[str, str]:
            return "", ""

        def submit(self, text: str) -> None:
            given.append(text)

        def give_up(self) -> None:
            pass

    app = Asking()
    async with app.run_test() as pilot:
        prompt = app.query_one(Prompt)
        prompt.open(Mode())
        app.post_message(Paste("restart \\\r\n \0agent"))
        await pilot.pause()
        await pilot.press("enter")
        assert given == [] and prompt.display
        assert "a NUL" in prompt.query_one("#hint", Lines).text
        await pilot.press(*["backspace"] * 6)
        await pilot.press("enter")
        assert given == ["restart "]


async def test_a_reason_is_kept_in_one_line() -> None:
    assert ReasonInput("", id="reason").exact("a\nb") == "a b"
