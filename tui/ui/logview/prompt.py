"""The prompt below a log, and its questions: a search, a filter, a time, a note, a file name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell
from tui.fleet.typed_time import TIME_HINT, precision, typed_times, which_of
from tui.logs.expressions import TooSlow
from tui.logs.query import parse_filter
from tui.logs.search import Pattern
from tui.ui.commandline.history import PromptHistory
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import LOG_PROMPT
from tui.ui.logview.model import LogModel
from tui.ui.widgets.exact_input import PromptInput
from tui.ui.widgets.exact_text import FOREIGN, foreign
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.text import width

FILTER_HINT: Final = "!text hides · field:value · Enter on an empty line lists the filters"
"""What can be typed for a filter."""
NOTE_LENGTH: Final = 400
"""Characters of a note."""
NEWEST: Final = 100
"""Lines at the end of a file that are searched for a time."""


class Question(Struct, frozen=True):
    """What the prompt asks for. `submit` and `typed` return what is wrong with the text, or an empty one."""

    kind: str
    """Name of its history."""
    sign: str
    """What stands before the text."""
    submit: Callable[[str], str]
    """Called on Enter; the prompt stays open if something is wrong."""
    typed: Callable[[str], str] | None = None
    """Called after each change of the text."""
    cancel: Callable[[], None] | None = None
    """Called on Esc."""
    text: str = ""
    """The text to begin with."""
    hint: str = ""


class LogPrompt(Horizontal):
    """One line of input, hidden until a question is asked."""

    DEFAULT_CSS = """
    LogPrompt { display: none; height: 1; width: 1fr; }
    LogPrompt.-open { display: block; }
    LogPrompt > #log-sign { width: 1; }
    LogPrompt > #log-hint { max-width: 60%; }
    LogPrompt > Input { width: 1fr; min-width: 22; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(LOG_PROMPT)

    def __init__(self, leave: Callable[[], object]) -> None:
        """`leave` is called when the prompt closes; it moves the keyboard elsewhere."""
        super().__init__(id="log-prompt")
        self._leave = leave
        self._history = PromptHistory()
        self._question: Question | None = None

    def compose(self) -> ComposeResult:
        """The sign, the input, the hint."""
        yield Lines(id="log-sign")
        # a blinking cursor would send bytes all the time
        field = PromptInput(select_on_focus=False, compact=True, id="log-typed")
        field.cursor_blink = False
        yield field
        yield Lines(id="log-hint")

    @property
    def is_open(self) -> bool:
        """A question is being asked."""
        return self._question is not None

    def ask(self, question: Question) -> None:
        """Show the prompt with a question."""
        self._question = question
        self._history.begin(question.kind)
        label = self.query_one("#log-sign", Lines)
        label.styles.width = width(question.sign)
        label.set_lines([(Cell(question.sign, "accent"),)])
        self.hint(question.hint)
        field = self.query_one(Input)
        with self.prevent(Input.Changed):
            field.value = question.text
        field.cursor_position = len(question.text)
        self.add_class("-open")
        field.focus()

    def cancel(self) -> None:
        """Close without an answer, if it is open."""
        question = self._question
        if question is not None:
            self._close()
            if question.cancel:
                question.cancel()

    def hint(self, words: str, *, bad: bool = False) -> None:
        """Say something about what is typed, if it is open."""
        if self._question is None:
            return
        label = self.query_one("#log-hint", Lines)
        # wide enough for numbers to grow in, or every digit more would lay out the prompt again
        label.styles.width = max(30, width(words) + 3)
        label.set_lines([(Cell(f"  {words} ", "error" if bad else "muted"),)])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Try the text."""
        event.stop()
        if self._refuses(event.value):
            return
        if self._question and self._question.typed and (trouble := self._question.typed(event.value)):
            self.hint(trouble, bad=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Use the text, or say what is wrong with it."""
        event.stop()
        if self._refuses(event.value):
            return
        self._history.add(event.value)
        if self._question and (trouble := self._question.submit(event.value)):
            self.hint(trouble, bad=True)
        else:
            self._close()

    def _refuses(self, text: str) -> bool:
        """Say what stands in the text that no line of a log can be asked for by."""
        if words := foreign(text):
            self.hint(f"it holds {words}, shown as {FOREIGN}: remove it", bad=True)
        return bool(words)

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.cancel()

    def action_history(self, step: int) -> None:
        """An earlier or later text."""
        field = self.query_one(Input)
        field.value = self._history.step(step, field.value)
        field.cursor_position = len(field.value)

    def action_clear(self) -> None:
        """Clear the text."""
        self.query_one(Input).value = ""

    def action_accept(self) -> None:
        """Nothing completes here; Tab must not leave the prompt."""

    def _close(self) -> None:
        self._question = None
        self.remove_class("-open")
        self._leave()


# ---- the questions ------------------------------------------------------------------------------------


def search_question(model: LogModel) -> Question:
    """What to search for; matches are found while it is typed."""
    before = model.finder.pattern

    def typed(text: str) -> str:
        try:
            model.search(Pattern.of(text) if text else None)
        except TooSlow as error:
            return str(error)
        return ""

    def submit(text: str) -> str:
        if trouble := typed(text):
            return trouble
        model.go_to_match_above()
        return ""

    return Question("search", "/", submit, typed, cancel=lambda: model.search(before))


def filter_question(model: LogModel, list_filters: Callable[[], object]) -> Question:
    """Another filter, counted while it is typed; Enter on an empty text lists the filters there are."""

    def typed(text: str) -> str:
        try:
            model.preview_filter(parse_filter(text) if text.strip("!") else None)
        except TooSlow as error:
            return str(error)
        return ""

    def submit(text: str) -> str:
        if not text.strip("!"):
            model.preview_filter(None)
            list_filters()
            return ""
        try:
            model.add_filter(parse_filter(text))
        except TooSlow as error:
            return str(error)
        return ""

    return Question("filter", "&", submit, typed, cancel=lambda: model.preview_filter(None), hint=FILTER_HINT)


def time_question(model: LogModel) -> Question:
    """A time to go to."""
    zone = datetime.fromtimestamp(model.clock.now()).astimezone(model.options.clock_zone)

    def submit(text: str) -> str:
        found = typed_times(text, now=latest_time(model), zone=model.options.clock_zone)
        if not found:
            return f"no time; type {TIME_HINT}"
        if len(found) > 1:
            either = " or ".join(which_of(text, found, model.options.clock_zone))
            return f"that hour came twice: type {either}"
        if model.options.timeless:
            return "no line of a build says when it was written"
        model.go_to_time(found[0], precision(text))
        return ""

    return Question("time", f"go to ({zone:%Z}) ", submit, hint=TIME_HINT)


def note_question(model: LogModel) -> Question:
    """A note on the line at the cursor; an empty one removes it."""
    line = model.page.cursor

    def submit(text: str) -> str:
        model.set_note(line, clean(text, limit=NOTE_LENGTH))
        return ""

    return Question("note", "note: ", submit, text=model.notes.get(line, ""))


def path_question(path: Path, save: Callable[[Path], object]) -> Question:
    """The file to save to; `path` is proposed."""

    def submit(text: str) -> str:
        if not text.strip():
            return "give a file name"
        try:
            chosen = Path(text).expanduser()
        except RuntimeError:  # `~name` of an unknown user
            return f"not saved: {text}: no such user"
        save(chosen)
        return ""

    return Question("save", "save to ", submit, text=str(path))


def latest_time(model: LogModel) -> float:
    """What typed times are relative to, in Unix seconds: now, or the end of a log read from a file."""
    log = model.log
    if model.is_file:
        # the last row is a notice with the time of the file, which counts if no line has a time
        rows = reversed(range(max(log.first, log.end - NEWEST), log.end - 1))
        found = next((at for row in rows if (at := log.time(row)) is not None), log.time(log.end - 1))
        if found is not None:
            return found
    return model.clock.now()
