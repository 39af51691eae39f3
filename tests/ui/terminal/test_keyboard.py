"""Keys out of bytes: whatever a terminal sends, no exception, and no key that nobody pressed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.events import AppBlur, AppFocus, Key, MouseDown, MouseEvent, Paste, Resize
from textual.message import Message
from textual.messages import InBandWindowResize, TerminalSupportsSynchronizedOutput

from tui.ui.terminal.keyboard import (
    MAX_SIDE,
    NULS,
    PASTE_LENGTH,
    PASTE_LIMIT,
    PASTE_SECONDS,
    PAUSE,
    SILENCE,
    Keyboard,
    PasteDropped,
    UnmarkedPaste,
)


@dataclass
class Typist:
    """A keyboard and its clock."""

    keyboard: Keyboard = field(default_factory=Keyboard)
    now: float = 0.0

    def type(self, *reads: str) -> list[Message]:
        """What comes of these reads, one right after the other, and of a second of silence."""
        found: list[Message] = []
        for read in reads:
            found += self.keyboard.feed(read, self.now)
            self.now += 0.001
            found += self.keyboard.tick(self.now)
        return found + self.rest(1.0)

    def rest(self, seconds: float) -> list[Message]:
        """What comes of doing nothing."""
        self.now += seconds
        return self.keyboard.tick(self.now)


def messages(*reads: str) -> list[Message]:
    return Typist().type(*reads)


def keys(*reads: str) -> list[str]:
    return [message.key for message in messages(*reads) if isinstance(message, Key)]


def pastes(*reads: str) -> list[str]:
    return [message.text for message in messages(*reads) if isinstance(message, Paste)]


def described(found: list[Message]) -> list[object]:
    """Messages as something to compare."""
    return [
        (message.key, message.character)
        if isinstance(message, Key)
        else (type(message), message.x, message.y, message.button, message.shift, message.ctrl, message.meta)
        if isinstance(message, MouseEvent)
        else type(message)
        for message in found
    ]


def by_textual(sequence: str) -> list[Message]:
    """What Textual's own parser makes of a sequence."""
    parser = XTermParser()
    found = list(parser.feed(sequence))
    return found or list(parser.feed(""))


# By the table and not by Textual's parser, which reads F1 of the Linux console as text and F3 with Shift as a
# cursor position that was never asked for.
def test_every_known_key_is_as_in_textuals_table() -> None:
    table = XTermParser()
    for sequence in ANSI_SEQUENCES_KEYS:
        expected: list[Message] = [
            key for key in table._sequence_to_key_events(sequence) if key.key != "<ignore>"
        ]
        if not sequence.strip("\x1b"):  # Escape twice is Escape twice
            expected = [Key("escape", "\x1b") for _ in sequence]
        elif sequence[0] == "\x1b" and sequence[1] not in "\x1b[O":  # no key with Alt is bound
            expected = [Key("escape", "\x1b"), *table._sequence_to_key_events(sequence[1:])]
        elif sequence == "\x1b[G":  # ignored by Textual; here Escape and two keys that mean something
            expected = messages("\x1b") + messages("[G")
        assert described(messages(sequence)) == described(expected), ascii(sequence)


AS_TEXTUAL = [
    *(chr(code) for code in range(0x20, 0x7F)),
    *"é漢😀\r\t\x7f\x01\x03\x1a",
    *(f"\x1b[{code};{modifier}u" for code in (13, 27, 57344, 57441) for modifier in (1, 2, 5, 7)),
    *(f"\x1b[97;{modifier}u" for modifier in (1, 5, 7)),  # a shifted letter is that letter, unlike there
    "\x1b[97;1;97u",
    "\x1b[97;2;65:66u",
    "\x1b[1;5A",
    *(f"\x1b[<{button};12;7{final}" for button in (0, 1, 2, 4, 8, 16, 32, 35, 64, 65, 66) for final in "Mm"),
    "\x1b[<0;-1;-1M",
    "\x1b[I",
    "\x1b[O",
    "\x1b[?2026;2$y",
    "\x1b[?2026;0$y",
    "\x1b[?2048;1$y",
    "\x1b[?2048;0$y",
    "\x1b[?1;2$y",
    "\x1b[48;24;80;480;800t",
]


def test_the_rest_is_as_textual_reads_it() -> None:
    for sequence in AS_TEXTUAL:
        assert described(messages(sequence)) == described(by_textual(sequence)), ascii(sequence)


def test_a_key_comes_out_the_same_in_any_number_of_reads() -> None:
    for sequence in (
        "\x1b[A",
        "\x1bOP",
        "\x1b[1;5A",
        "\x1b[97;5u",
        "\x1b[<0;120;30M",
        "\x1b[48;24;80;480;800t",
        "\x1b[[A",
    ):
        for cut in range(1, len(sequence)):
            assert described(messages(sequence[:cut], sequence[cut:])) == described(messages(sequence))
        assert described(messages(*sequence)) == described(messages(sequence))


def test_escape_waits_for_what_may_follow() -> None:
    typist = Typist()
    assert typist.keyboard.feed("\x1b", 0.0) == []
    assert typist.keyboard.tick(0.05) == []
    assert described(typist.keyboard.tick(0.11)) == [("escape", "\x1b")]
    assert typist.keyboard.tick(9.0) == []


PRESSED = (*map(chr, range(0x20, 0x7F)), "\r", "\t", "\x7f", *map(chr, range(1, 27)), "é", "漢")


@pytest.mark.parametrize("split", [False, True])
def test_escape_and_the_next_key_are_two_keys(split: bool) -> None:
    for character in PRESSED:
        reads = ("\x1b", character) if split else ("\x1b" + character,)
        assert keys(*reads) == ["escape", *keys(character)], ascii(reads)


@pytest.mark.parametrize("typed", ["]jj", "[j", "[[", "[ z", "Pjj", "_jj", "^j", "Xjj", "Oz", "[", "O"])
def test_what_only_looks_like_a_sequence_was_typed(typed: str) -> None:
    assert keys("\x1b" + typed) == ["escape", *keys(typed)]
    assert keys("\x1b", *typed) == ["escape", *keys(typed)]


def test_a_sequence_that_was_typed_takes_no_key_along() -> None:
    assert keys("\x1b]jj\x1b[A") == ["escape", *keys("]jj"), "up"]


@given(
    st.lists(
        st.text(st.sampled_from("\x1b[]<>?;:0123456789ABMOPRmtuy$~\x07\\ahé\x00\r"), max_size=60), max_size=5
    )
)
@example(["\x1b[48;", "9" * 40 + ";1;1;1t"])
def test_nothing_a_terminal_sends_is_an_error(reads: list[str]) -> None:
    for message in messages(*reads, "x"):
        assert isinstance(message, Message)


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[1114112u",
        "\x1b[99999999999999999999u",
        "\x1b[1;1;99999999u",
        "\x1b[<0;99999999999999999999;1X",
        "\x1b[?62;22c",
        "\x1b[>41;354;0c",
        "\x1b[21;5;1;2d",
        "\x1b[" + "1;" * 200 + "u",
        "\x1b]11;rgb:dddd/dddd/dddd\x1b\\",
        "\x1b]52;c;ZGVsZXRl\x07",
        "\x1bP1$r0m\x1b\\",
        "\x1bP>|XTerm(370)\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
        "\x1b]11;rgb:dd",
        "\x1b[12",
        "\x1b[<0;12",
        "\x1b[Mabc",
        "\x1b[Ma",
    ],
    ids=ascii,
)
def test_what_is_no_key_presses_none(sequence: str) -> None:
    """Textual would press `d`, `q` and what else stands in it."""
    assert keys(sequence) == []
    typist = Typist()
    assert described(typist.type(sequence) + typist.type("q")) == [("q", "q")]


def test_an_answer_that_breaks_off_presses_nothing() -> None:
    assert keys("\x1b]11;delete\x1b[A") == ["up"]


def test_an_endless_answer_is_not_kept() -> None:
    typist = Typist()
    for _ in range(40):
        assert (
            typist.keyboard.feed("\x1b]52;c;" + "A" * 4000 if not typist.now else "A" * 4000, typist.now)
            == []
        )
        typist.now += 0.001
        if not typist.keyboard._held:
            return
    pytest.fail("all of it was kept")


def test_a_size_of_nothing_does_not_divide() -> None:
    found = messages("\x1b[48;0;0;0;0t", "\x1b[<0;5;5M")
    assert [type(message) for message in found] == [MouseDown]
    assert messages("\x1b[48;24;80;0;0t", "\x1b[<0;5;5M")


@pytest.mark.parametrize("size", [(0, 80), (24, 0), (MAX_SIDE + 1, 80), (24, MAX_SIDE + 1)])
def test_an_absurd_size_is_dropped_and_a_large_one_kept(size: tuple[int, int]) -> None:
    rows, columns = size
    assert messages(f"\x1b[48;{rows};{columns};1;1t") == []
    (kept,) = messages(f"\x1b[48;{MAX_SIDE};{MAX_SIDE};1;1t")
    assert isinstance(kept, Resize) and kept.size == (MAX_SIDE, MAX_SIDE)


def test_text_that_comes_all_at_once_is_a_paste() -> None:
    text = "please delete\r\nall\tof it ✓"
    assert keys(text) == []
    assert pastes(text) == [text]


def test_short_runs_and_a_key_held_down_are_typed() -> None:
    typed = "abcdefg"
    assert len(typed) == PASTE_LENGTH - 1
    assert keys(typed) == list(typed)
    assert keys("j" * 30) == ["j"] * 30
    assert keys("\x1b[B" * 30) == ["down"] * 30


def test_reports_are_not_taken_for_text() -> None:
    report = "\x1b[<35;120;30M"
    assert pastes(report * 5) == []
    for cut in range(1, len(report)):
        assert pastes(report[:cut], report[cut:]) == []


@pytest.mark.parametrize(
    "text", ["line one\rline two", "\x1b[31mred\x1b[0m\x1b\x00\x07", "", "\x1b[200~nested", "\x1b[20"]
)
def test_a_paste_arrives_as_it_is_and_presses_nothing(text: str) -> None:
    whole = f"\x1b[200~{text}\x1b[201~"
    assert described(messages(whole, "a")) == [Paste, ("a", "a")]
    for cut in range(1, len(whole)):
        assert pastes(whole[:cut], whole[cut:]) == [text], cut
        assert keys(whole[:cut], whole[cut:], "a") == ["a"]


def test_a_paste_between_others() -> None:
    assert pastes("at once before\x1b[200~pasted\x1b[201~and after it") == [
        "at once before",
        "pasted",
        "and after it",
    ]


def test_a_paste_without_an_end_is_over_after_a_while() -> None:
    typist = Typist()
    assert typist.type("\x1b[200~half of ", "it\x1b[2") == []
    assert described(typist.rest(SILENCE)) == [Paste]
    assert described(typist.type("q")) == [("q", "q")]
    # What comes after all comes at once.
    assert described(typist.type("the other half, delete\r")) == [UnmarkedPaste]


def test_focus_and_modes() -> None:
    assert [type(message) for message in messages("\x1b[I\x1b[O\x1b[?2026;1$y\x1b[?2048;2$y")] == [
        AppFocus,
        AppBlur,
        TerminalSupportsSynchronizedOutput,
        InBandWindowResize,
    ]


@pytest.mark.parametrize("key", ["\x03", "\x11"])
def test_a_lone_ctrl_c_or_q_after_a_pause_ends_a_paste_without_an_end(key: str) -> None:
    typist = Typist()
    assert typist.keyboard.feed("\x1b[200~abc", 0.0) == []
    for read in range(40):  # keys keep coming, so the silence that ends it never does
        assert typist.keyboard.feed("j", read / 20) == []
    assert described(typist.keyboard.feed(key, 40 / 20 + PAUSE)) == [PasteDropped]
    assert typist.keyboard.feed("rest, delete\r\x03", 2.25) == [], "its rest must not become keys"
    assert described(typist.keyboard.feed("\x1b[201~q", 2.3)) == [("q", "q")]


def test_a_paste_that_holds_ctrl_c_is_kept_whole() -> None:
    assert pastes("\x1b[200~a", "\x03", "b\x1b[201~") == ["a\x03b"]


def test_the_rest_of_a_dropped_paste_ends_with_silence_too() -> None:
    typist = Typist()
    typist.keyboard.feed("\x1b[200~abc", 0.0)
    typist.keyboard.feed("\x03", PAUSE)
    assert typist.keyboard.tick(PAUSE + SILENCE + 0.1) == []
    assert described(typist.keyboard.feed("q", 9.0)) == [("q", "q")]


def test_a_paste_has_a_longest_length_and_time() -> None:
    keyboard, size, told = Keyboard(), 0, []
    keyboard.feed("\x1b[200~", 0.0)
    while not told:
        told = keyboard.feed("x" * 4096, 0.1)
        size += 4096
    assert described(told) == [PasteDropped] and PASTE_LIMIT < size <= PASTE_LIMIT + 4096
    assert described(keyboard.feed("end\x1b[201~q", 0.2)) == [("q", "q")]
    keyboard.feed("\x1b[200~", 1.0)
    assert keyboard.feed("x", 1.0 + PASTE_SECONDS) == []
    assert described(keyboard.feed("x", 1.1 + PASTE_SECONDS)) == [PasteDropped]


def test_many_nuls_are_noise_and_a_few_are_ctrl_space() -> None:
    assert keys("\0" * NULS) == ["ctrl+@"] * NULS
    assert keys("j" + "\0" * (NULS + 1) + "k") == ["j", "k"]
