"""Themes: the shipped ones are whole, a bad one is a line of words and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from rich.color import ColorSystem as Depth
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from tui.ui import theme
from tui.ui.terminal.ansi_writer import AnsiWriter
from tui.ui.terminal.detect import ColorSystem
from tui.ui.terminal.palette import INDEX
from tui.ui.theme import TONES, BadTheme, directory, load, parse

SHIPPED = sorted(path.stem for path in directory().glob("*.toml"))
DARK = (directory() / "dark.toml").read_text(encoding="utf-8")


def test_the_shipped_themes() -> None:
    found = load()
    assert found.problems == ()
    assert sorted(item.name for item in found.themes) == SHIPPED
    assert {"dark", "light", "mono", "ansi16", "high-contrast", "deuteranopia"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_theme_says_what_every_tone_looks_like(name: str) -> None:
    text = (directory() / f"{name}.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)["tones"]) == set(TONES)
    variables = parse(name, text).variables
    for tone in TONES:
        assert f"tone-{tone}" in variables and f"tone-{tone}-style" in variables


VGA: Final = (
    *("#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa"),
    *("#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff"),
)
XTERM: Final = (
    *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"),
    *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"),
)
SOLARIZED: Final = (
    *("#073642", "#dc322f", "#859900", "#b58900", "#268bd2", "#d33682", "#2aa198", "#eee8d5"),
    *("#002b36", "#cb4b16", "#586e75", "#657b83", "#839496", "#6c71c4", "#93a1a1", "#fdf6e3"),
)
PALETTES: Final = {"VGA": VGA, "xterm": XTERM}
"""The usual meanings of the 16 colours, on black."""
NAMES: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
DEPTHS: Final[tuple[ColorSystem, ...]] = ("truecolor", "256", "16")


def _seen(color: str, palette: Sequence[str], default: str) -> Color:
    """A colour as a terminal with this palette shows it."""
    if color == "ansi_default":
        return Color.parse(default)
    if not color.startswith("ansi_"):
        return Color.parse(color)
    name = color.removeprefix("ansi_")
    index = NAMES.index(name.removeprefix("bright_")) + 8 * name.startswith("bright_")
    return Color.parse(palette[index])


def _worn(name: str, depth: ColorSystem) -> Theme:
    return parse(name, (directory() / f"{name}.toml").read_text(encoding="utf-8"), depth)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_theme_can_be_read(name: str, depth: ColorSystem) -> None:
    """Contrast of every tone against what it stands on, and that cursor and inputs show, at every depth."""
    theme = _worn(name, depth)
    look = {**theme.variables, "background": theme.background or "", "panel": theme.panel or ""}
    for palette in PALETTES.values() if theme.ansi else (XTERM,):
        back = _seen(look["background"], palette, "#000000")
        cursor = _seen(look["cursor"], palette, "#000000")
        for tone in TONES:
            color = _seen(look[f"tone-{tone}"], palette, "#e5e5e5")
            quiet = tone == "muted"
            # pure red and magenta of 16 colours are dark by nature; their words are bold
            least = 3.0 if quiet or theme.ansi else 4.5
            for ground in (look["background"], look["panel"], look["field"]):
                seen = _seen(ground, palette, "#000000")
                assert _contrast(color, seen) >= (3.0 if ground == look["field"] else least), (tone, ground)
            if "reverse" in look["cursor-style"].split():
                continue  # as readable as the text is
            on_cursor = _seen(look["cursor-text"], palette, "#e5e5e5") if look["cursor-text"] else color
            assert _contrast(on_cursor, cursor) >= (4.5 if look["cursor-text"] or tone == "text" else 3.0), (
                tone
            )
        assert _shows(look, "cursor", back, palette) and _shows(look, "cursor-blurred", back, palette)
        assert _shows(look, "field", back, palette)
        assert _contrast(back, _seen(look["tone-alarm"], palette, "#e5e5e5")) >= 3.0


def _shows(look: Mapping[str, str], name: str, back: Color, palette: Sequence[str]) -> bool:
    """It differs from the background, by colour or by a line."""
    marked = {"reverse", "underline"} & set(look[f"{name}-style"].split())
    return bool(marked) or _contrast(back, _seen(look[name], palette, "#000000")) >= 1.1


def test_the_cursor_can_be_read_in_a_palette_that_is_not_meant_for_it() -> None:
    """Of Solarized's 16 colours, half of the bright ones are greys, and bright black is the background."""
    look = _worn("ansi16", "16").variables
    text, cursor = (_seen(look[name], SOLARIZED, "#839496") for name in ("cursor-text", "cursor"))
    assert _contrast(text, cursor) >= 4.0


@pytest.mark.parametrize("name", SHIPPED)
def test_every_colour_is_chosen_for_every_terminal(name: str) -> None:
    """Of 256 colours each has its index in the file, and of 16 its name: none is a nearest one."""
    data = tomllib.loads((directory() / f"{name}.toml").read_text(encoding="utf-8"))
    if not data["ansi"]:
        assert data["256"]["colors"].keys() == data["colors"].keys()
        assert data["256"]["tones"].keys() == data["tones"].keys()
    for depth in ("256", "16"):
        worn = _worn(name, "256" if depth == "256" else "16")
        named = [value for value in vars(worn).values() if isinstance(value, str)]
        colors = [value for value in (*named, *worn.variables.values()) if value.startswith(("#", "ansi_"))]
        assert len(colors) > 30
        for color in colors:
            if depth == "256" and not worn.ansi:
                red, green, blue = Color.parse(color).rgb
                code = AnsiWriter(Depth.EIGHT_BIT).write("x", Style(color=f"rgb({red},{green},{blue})"))
                assert code == f"\x1b[38;5;{INDEX[red, green, blue]}mx", color
            else:
                assert color.startswith("ansi_"), color


def test_the_greys_of_256_colours_are_those_of_the_ramp() -> None:
    dark = tomllib.loads(DARK)["256"]["colors"]
    names = ("background", "panel", "cursor-blurred", "field", "cursor", "field-focus")
    assert [dark[name] for name in names] == [234, 235, 236, 237, 238, 239]


def test_a_theme_of_ones_own_may_leave_out_other_terminals() -> None:
    """Colours for 256 are then the nearest ones, and those of 16 the terminal's own."""
    text = DARK[: DARK.index("\n[256")].replace("#7bd88f", "#00ff00")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("field"))
    every, some, few = (parse("mine", text, depth) for depth in DEPTHS)
    assert every.variables == some.variables
    assert every.variables["field"] == every.panel == "#1c2430"
    assert few.ansi and few.variables == _worn("ansi16", "16").variables
    partly = parse("mine", f"{text}\n[256.tones]\nok = 46\n", "256")
    assert (partly.variables["tone-ok"], partly.success) == ("#00ff00", "#00ff00")


def _contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (DARK.replace('ok = "#7bd88f"', 'ok = "greenish"'), "ok = 'greenish' is no colour"),
        (DARK.replace("[tones]", "[tones]\nhealthy = '#ffffff'"), "unknown key 'healthy'"),
        (DARK.replace('cursor = "#2a3a52"\n', ""), "[colors] lacks 'cursor'"),
        (DARK + "\n[styles]\nok = 'blinking'\n", "not a text style"),
        ("[colors]\nbackground = 5\n", "[colors] must hold texts"),
        ("colors = 'all of them'", "[colors] must hold texts"),
        (DARK.replace("background = 234", "background = 15"), "numbers from 16 to 255, not 15"),
        (DARK.replace("background = 234", "background = '#1c1c1c'"), "numbers from 16 to 255"),
        (DARK.replace("background = 234", "ground = 234"), "unknown key 'ground'"),
        (DARK + "\n[256.shapes]\nround = 1\n", "unknown key 'shapes'"),
        (DARK + "\n[16.colors]\ncursor = '#0000ff'\n", "names such as 'ansi_red'"),
    ],
)
def test_what_is_wrong_with_a_theme_is_said(text: str, problem: str) -> None:
    with pytest.raises(BadTheme, match=r".") as raised:
        parse("mine", text)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_bad_file_is_reported_and_the_rest_is_used(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("= \x1b[2J", encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    (tmp_path / "mine.toml").write_text("\ufeff" + DARK.replace("#7bd88f", "#00ff00"), encoding="utf-8")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "dark.toml").write_text(DARK.replace("#ff6b6b", "#ff0000"), encoding="utf-8")
    found = load([tmp_path, tmp_path / "not-there"])
    named = {item.name: item for item in found.themes}
    assert set(named) == {*SHIPPED, "mine"}
    assert named["mine"].variables["tone-ok"] == "#00ff00"
    assert named["dark"].variables["tone-error"] == "#ff0000", "one's own comes last"
    assert [line.split(":")[0] for line in found.problems] == [
        "theme broken.toml not used",
        "theme folder.toml not used",
        "theme latin.toml not used",
    ]
    assert all(line.isprintable() for line in found.problems)


def test_themes_of_others_have_our_variables_too() -> None:
    ours = parse("dark", DARK).variables
    # the two of 16 colours come from our defaults: only Textual's own themes of that kind set them
    assert {name for name in theme.defaults() if not name.startswith("ansi-")} <= set(ours)
