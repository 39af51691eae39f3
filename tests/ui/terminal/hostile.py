"""Every kind of widget with hostile text in it, uncleaned, for `test_guards.py` to see what gets out."""

from __future__ import annotations

import sys
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import (
    Button,
    Checkbox,
    DataTable,
    Header,
    Input,
    Log,
    OptionList,
    RichLog,
    Static,
    Tab,
    Tabs,
    TextArea,
    Tree,
)

from tui.ui.terminal.safe_app import SafeApp, run_guarded

HOSTILE = (
    "\x1b]52;c;cm0gLXJmIC8=\x07\x1b]0;title\x07\x1b[2J\x1b[1;1H\x1b[6n\x1bc\x9b31m\x9d52;c;eA==\x9c\x00\x0e\x18\x1f\x7f\x85\x90"
    "\u202egnp\u2066x\u2069\u200e\u061c\ud800\udfff\x1bPq\x1b\\"
)
LINK = Style(link="http://evil\x1b]0;t\x07", meta={"@click": "app.quit"})


def text(name: str) -> str:
    """A text that can be told from the others, hostile right after its name."""
    return f"<{name} {HOSTILE}>"


class Hostile(SafeApp):
    """One of each."""

    CSS = "* { height: auto; max-height: 6; } Screen { max-height: 100%; } #end { dock: bottom; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f12", "quit")]

    def compose(self) -> ComposeResult:
        """Everything that draws text."""
        self.title = text("Header")
        yield Header()
        yield Static(text("Static"), markup=False)
        yield Static(Content(text("Content")))
        yield Static(Text(text("Text"), style=LINK))
        yield Static("[@click=app.quit]<Markup>[/] [link='http://evil']<Link>[/]")
        border = Static("in a border", markup=False)
        border.styles.border = ("round", "red")
        border.border_title = Content(text("Border"))
        yield border
        yield Input(text("Input"))
        yield TextArea(text("TextArea"))
        yield OptionList(Content(text("Options")), markup=False)
        yield Button(Content(text("Button")))
        yield Checkbox(Content(text("Checkbox")))
        yield Tabs(Tab(Content(text("Tab"))))
        yield Log(id="log")
        yield RichLog(id="rich")
        yield Tree(Text(text("Tree")))
        yield DataTable(id="table")
        yield Static("the end", id="end", markup=False)

    def on_mount(self) -> None:
        """Fill what is filled later."""
        self.query_one("#log", Log).write_line(text("Log"))
        self.query_one("#rich", RichLog).write(Text(text("RichLog"), style=LINK))
        table = self.query_one("#table", DataTable)
        table.add_column(Text(text("Column")))
        table.add_row(Text(text("Table"), style=LINK))
        self.notify(text("Toast"), title=text("Title"), markup=False, timeout=600)


if __name__ == "__main__":
    sys.exit(run_guarded(Hostile()))
