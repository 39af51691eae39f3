"""Parses terminal input into keys, mouse events, pastes and sizes. Knows no receiver.

Textual's own parser treats each character of an unknown sequence as a key, also within a paste; it crashes on
numbers out of range and treats an unmarked paste as keys. Its key tables are used unchanged.
"""

from __future__ import annotations

import re
from typing import Final

from textual import constants, events, messages
from textual._xterm_parser import IS_ITERM, XTermParser
from textual.keys import Keys
from textual.message import Message

PASTE_LENGTH: Final = 8
"""Characters in one read that count as a paste: nobody types that many at once."""
MAX_SIDE: Final = 4096
"""Largest number of columns or rows that is believed of a size report."""
SILENCE: Final = 2.0
"""Seconds after which a paste without an end mark is over."""
PASTE_LIMIT: Final = 1 << 20
"""Characters of a paste; a longer one is dropped whole."""
PASTE_SECONDS: Final = 10.0
"""Seconds that a paste may take to arrive; after that it is dropped whole."""
PAUSE: Final = 0.2
"""Seconds of silence after which a lone `ctrl+c` or `ctrl+q` is a key of the operator, not of the paste."""
NULS: Final = 8
"""NULs in one read that may be `ctrl+space`; more of them are noise."""
_MAX_HELD: Final = 65_536
_MAX_SEQUENCE: Final = 128

_PASTE_END: Final = "\x1b[201~"
_TOKEN: Final = re.compile(
    r"(?P<paste>\x1b\[200~)"
    r"|(?P<report>\x1b\[(?:\[[A-E]|M[\s\S]{3}|<[-\d;]*[Mm]|(?![M\[])[0-?]*[ -/]*[@-~])|\x1bO[ -~])"
    # an answer to a query that was not sent
    r"|(?P<string>\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|(?=\x1b[^\\])))"
    r"|(?P<unfinished>\x1b(?:\[(?:M[\s\S]{0,2}|\[|[0-?]*[ -/]*)|O|[\]PX^_][^\x07\x1b]*\x1b?)?\Z)"
    r"|(?P<escape>\x1b)"
    rf"|(?P<run>[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{{{PASTE_LENGTH},}})"
    r"|(?P<key>[\s\S])"
)
_TERMINAL: Final = re.compile(r"\x1b(?:\[[0-?]|\[M[\s\S]|\][0-9]|P[0-9>!]|_G)|.*(?:\x07|\x1b\\)\Z", re.DOTALL)
"""What only a terminal sends, even cut short. Anything else that begins like a sequence was typed."""
_SIZE: Final = re.compile(
    r"\x1b\[48;(\d+)(?::[\d:]*)?;(\d+)(?::[\d:]*)?;(\d+)(?::[\d:]*)?;(\d+)(?::[\d:]*)?t"
)
_SHIFTED: Final = re.compile(r"shift\+([a-z])")
_CONTROLS: Final = {"\r": "enter", "\t": "tab", "\x1b": "escape"}
_MODE: Final = re.compile(r"\x1b\[\?(\d+);(\d)\$y")


class UnmarkedPaste(events.Paste):
    """Text that came in one read without the marks of a paste: a paste, or keys that waited."""


UnmarkedPaste.handler_name = events.Paste.handler_name


class PasteDropped(Message):
    """A paste was dropped whole; `reason` says why in words."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Keyboard:
    """Turns terminal input into messages; holds back what may be the start of a sequence."""

    def __init__(self) -> None:
        self._tables = XTermParser()
        self._held = ""
        self._since = 0.0
        self._pasted: list[str] | None = None
        self._paste_began = 0.0
        self._is_dropping = False
        """The rest of the paste is not kept."""

    def feed(self, text: str, now: float) -> list[Message]:
        """The messages in `text`, which was read at `now` (seconds)."""
        quiet, self._since = now - self._since, now
        if self._pasted is not None and text in ("\x03", "\x11") and quiet >= PAUSE:
            return self._drop_paste("it was unfinished")
        text, self._held = self._held + text, ""
        found = self._messages(text, now)
        if self._pasted is not None and not self._is_dropping:
            if sum(map(len, self._pasted)) > PASTE_LIMIT:
                found += self._drop_paste("it is longer than 1 MiB")
            elif now - self._paste_began > PASTE_SECONDS:
                found += self._drop_paste(f"it took more than {PASTE_SECONDS:.0f} seconds")
        nuls = [message for message in found if isinstance(message, events.Key) and message.key == "ctrl+@"]
        return found if len(nuls) <= NULS else [message for message in found if message not in nuls]

    def _messages(self, text: str, now: float) -> list[Message]:
        found: list[Message] = []
        position = 0
        while position < len(text):
            if self._pasted is not None:
                position = self._collect(text, position, found)
                continue
            match = _TOKEN.match(text, position)
            if match is None:  # cannot happen: the last alternative matches any character
                break
            position = match.end()
            found += self._read(match.lastgroup or "", match.group(), now)
        return found

    def tick(self, now: float) -> list[Message]:
        """The messages that a time-out decides: a lone Escape, a paste without an end."""
        waited = now - self._since
        if self._pasted is not None and waited > SILENCE:
            pasted, self._pasted, self._held = "".join([*self._pasted, self._held]), None, ""
            dropped, self._is_dropping = self._is_dropping, False
            return [] if dropped else [events.Paste(pasted)]
        if not self._held or self._pasted is not None or waited < constants.ESCAPE_DELAY:
            return []
        held, self._held = self._held, ""
        return self._keys(held) if _TERMINAL.match(held) else self._typed(held, now)

    def _typed(self, token: str, now: float) -> list[Message]:
        """Escape and the keys after it, which only look like the start of a sequence."""
        return [events.Key("escape", "\x1b"), *self._messages(token[1:], now)]

    def _drop_paste(self, reason: str) -> list[Message]:
        """Keep nothing of the paste that is arriving: neither what came nor what is still to come."""
        self._pasted, self._is_dropping = [], True
        return [PasteDropped(reason)]

    def _collect(self, text: str, position: int, found: list[Message]) -> int:
        """Collect the text of a paste; returns the position after it."""
        assert self._pasted is not None
        end = text.find(_PASTE_END, position)
        if end >= 0:
            self._pasted.append(text[position:end])
            if not self._is_dropping:
                found.append(events.Paste("".join(self._pasted)))
            self._pasted, self._is_dropping = None, False
            return end + len(_PASTE_END)
        # The end mark may come in two reads.
        size = next((n for n in range(len(_PASTE_END) - 1, 0, -1) if text.endswith(_PASTE_END[:n])), 0)
        cut = max(position, len(text) - size)
        if not self._is_dropping:
            self._pasted.append(text[position:cut])
        self._held = text[cut:]
        return len(text)

    def _read(self, kind: str, token: str, now: float) -> list[Message]:
        match kind:
            case "paste":
                self._pasted, self._paste_began = [], now
            case "unfinished":
                self._held = token if len(token) <= _MAX_HELD else ""
            case "report" if len(token) <= _MAX_SEQUENCE:
                return self._report(token) or ([] if _TERMINAL.match(token) else self._typed(token, now))
            case "string" if not _TERMINAL.match(token):
                return self._typed(token, now)
            case "escape":
                return [events.Key("escape", token)]
            case "run" if len(set(token)) > 1:
                return [UnmarkedPaste(token)]
            case "run" | "key":
                return [key for character in token for key in self._keys(character)]
        return []

    def _report(self, token: str) -> list[Message]:
        if token == "\x1b[I":
            return [events.AppFocus()]
        if token == "\x1b[O":
            return [events.AppBlur()]
        if size := _SIZE.fullmatch(token):
            return self._size(*map(int, size.groups()))
        if mode := _MODE.fullmatch(token):
            return self._mode(mode[1], int(mode[2]))
        return self._keys(token) or self._mouse(token)

    def _keys(self, sequence: str) -> list[Message]:
        """The keys of a sequence by Textual's tables; empty if it is unknown."""
        try:
            keys = list(self._tables._sequence_to_key_events(sequence))
        except (ArithmeticError, ValueError):  # a code point past the end of Unicode
            return []
        return [_named(key) for key in keys if key.key != Keys.Ignore]

    def _mouse(self, sequence: str) -> list[Message]:
        try:
            event = self._tables.parse_mouse_code(sequence)
        except (ArithmeticError, ValueError):  # a size of zero, a number that is too large
            return []
        return [] if event is None else [event]

    def _size(self, rows: int, columns: int, height: int, width: int) -> list[Message]:
        """A size report, in cells and pixels."""
        if not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE):
            return []
        event = events.Resize.from_dimensions((columns, rows), (width, height))
        self._tables.terminal_size, self._tables.terminal_pixel_size = event.size, event.pixel_size
        self._tables.mouse_pixels = True
        return [event]

    def _mode(self, mode: str, setting: int) -> list[Message]:
        """The answer to whether the terminal supports a mode."""
        if mode == "2026" and setting > 0:
            return [messages.TerminalSupportsSynchronizedOutput()]
        if mode == "2048" and constants.SMOOTH_SCROLL and not IS_ITERM:
            return [messages.InBandWindowResize.from_setting_parameter(setting)]
        return []


def _named(key: events.Key) -> events.Key:
    """The key by its usual name: some terminals send a shifted letter as a modifier and a letter."""
    if shifted := _SHIFTED.fullmatch(key.key):
        return events.Key(shifted[1].upper(), shifted[1].upper())
    if name := _CONTROLS.get(key.key):
        return events.Key(name, key.key)
    return key
