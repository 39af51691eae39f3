"""Themes as TOML files: those in `themes/` and the operator's own. A bad file is reported, not fatal.

A file holds the colours for a terminal that shows all of them, in `[256…]` those for one of 256 colours, and
in `[16…]` those for one of 16, so that no colour that was chosen becomes the terminal's nearest one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from msgspec import Struct
from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.api.text.clean import clean
from tui.ui.terminal.detect import ColorSystem
from tui.ui.terminal.palette import FIXED, rgb

TONES: Final = ("text", "ok", "warn", "error", "sleep", "busy", "muted", "accent", "info")
"""The tones that panes speak in; each theme says what they look like."""
DEFAULT: Final = "dark"
SMALL: Final = "ansi16"
"""The one whose colours take the fewest bytes."""

TEXTUAL: Final = "textual-dark"
"""Textual's own, where no file can be used."""

_COLORS: Final = (
    *("background", "surface", "panel", "foreground", "primary", "secondary", "accent"),
    *("success", "warning", "error"),
)
_EXTRA: Final = ("cursor", "cursor-blurred", "border", "border-focus")
_OPTIONAL: Final = ("field", "field-focus", "cursor-text")
"""Colours that a file may leave out: inputs are then panels, and text in the cursor's row keeps its tone."""
_ROWS: Final = ("cursor", "cursor-blurred", "field")
"""What has a text style besides the tones."""
_STYLES: Final = frozenset({"none", "bold", "dim", "italic", "underline", "reverse", "strike"})


class BadTheme(ValueError):
    """A theme file that cannot be used; its text says why, on one line."""


class Themes(Struct, frozen=True):
    """What was found."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]
    """One line for each file that cannot be used."""

    @property
    def names(self) -> list[str]:
        """In the order in which they are offered."""
        return sorted(item.name for item in self.themes)

    def missing(self, name: str) -> str:
        """What is wrong with the name of a theme; empty if it was found."""
        if name in self.names:
            return ""
        asked = f"unknown theme {name!r};" if name else "which theme?"
        return f"{asked} available: {', '.join(self.names)}"

    def first(self, wanted: str, *, no_color: bool, low_bandwidth: bool) -> str:
        """The name of the theme to begin with, if possible the one that is wanted."""
        usual = SMALL if low_bandwidth else DEFAULT
        for name in (wanted, "mono" if no_color else usual):
            if name in self.names:
                return name
        return TEXTUAL


def directory() -> Path:
    """Where the shipped themes are: inside the package when installed, at the root of a checkout."""
    package = Path(str(files("tui")))
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load(more: Iterable[Path] = (), depth: ColorSystem = "truecolor") -> Themes:
    """Every theme of the shipped directory and of `more`, as it is on a terminal of this many colours.

    Of two with one name the later wins.
    """
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in (directory(), *more):
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                theme = parse(path.stem, path.read_text(encoding="utf-8-sig"), depth)
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, BadTheme) as error:
                problems.append(clean(f"theme {path.name} not used: {error}", limit=200))
            else:
                found[theme.name] = theme
    return Themes(tuple(found.values()), tuple(problems))


def parse(name: str, text: str, depth: ColorSystem = "truecolor") -> Theme:
    """A theme from the text of its file. Raises `BadTheme` or `tomllib.TOMLDecodeError`."""
    data = tomllib.loads(text)
    ansi = data.get("ansi") is True
    palette = _Palette(_table(data, "colors"), _table(data, "tones"), _table(data, "styles"))
    for missing in (key for key in (*_COLORS, *_EXTRA) if key not in palette.colors):
        raise BadTheme(f"[colors] lacks {missing!r}")
    palette.check()
    fewer = {"256": _variant(data, "256", _of_256), "16": _variant(data, "16", _of_16)}
    if depth == "256":
        palette = palette.changed(fewer[depth])
    elif depth == "16" and not ansi:
        palette = _plain().changed(fewer[depth])
        ansi = True
    colors = palette.colors
    return Theme(
        name=name,
        primary=colors["primary"],
        secondary=colors["secondary"],
        accent=colors["accent"],
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
        foreground=colors["foreground"],
        success=colors["success"],
        warning=colors["warning"],
        error=colors["error"],
        dark=data.get("dark") is not False,
        ansi=ansi,
        variables=palette.variables(),
    )


class _Palette(Struct, frozen=True):
    """What a theme's tables hold, for one kind of terminal."""

    colors: Mapping[str, str]
    tones: Mapping[str, str]
    styles: Mapping[str, str]

    def changed(self, other: _Palette) -> _Palette:
        """The same with what the other says."""
        return _Palette(
            {**self.colors, **other.colors}, {**self.tones, **other.tones}, {**self.styles, **other.styles}
        )

    def check(self) -> None:
        """Raises `BadTheme` for what is unknown."""
        known = {*_COLORS, *_EXTRA, *_OPTIONAL}
        styled = {*TONES, *_ROWS}
        for unknown in (*(self.colors.keys() - known), *(self.tones.keys() - {*TONES})):
            raise BadTheme(f"unknown key {unknown!r}")
        for unknown in self.styles.keys() - styled:
            raise BadTheme(f"unknown key {unknown!r}")
        for key, color in (*self.colors.items(), *self.tones.items()):
            try:
                Color.parse(color)
            except ColorParseError:
                raise BadTheme(f"{key} = {color!r} is no colour") from None
        for key, style in self.styles.items():
            if not set(style.split()) <= _STYLES:
                raise BadTheme(
                    f"{key} = {style!r} is not a text style; available: {', '.join(sorted(_STYLES))}"
                )

    def variables(self) -> dict[str, str]:
        """The variables of the style sheet, and of what draws its own lines."""
        colors, styles = self.colors, self.styles
        variables = {f"tone-{tone}": self.tones.get(tone, colors["foreground"]) for tone in TONES}
        variables |= {f"tone-{tone}-style": styles.get(tone, "none") for tone in TONES}
        field = colors.get("field", colors["panel"])
        return variables | {
            # what must never be overlooked: a bar, which no tone is in any theme of colours
            "tone-alarm": variables["tone-error"],
            "tone-alarm-style": "bold reverse",
            "cursor": colors["cursor"],
            "cursor-text": colors.get("cursor-text", ""),
            "cursor-style": styles.get("cursor", "none"),
            "cursor-blurred": colors["cursor-blurred"],
            "cursor-blurred-style": styles.get("cursor-blurred", "none"),
            "edge": colors["border"],
            "edge-focus": colors["border-focus"],
            "field": field,
            "field-focus": colors.get("field-focus", field),
            "field-style": styles.get("field", "none"),
            **_textual(colors),
        }


def _textual(colors: Mapping[str, str]) -> dict[str, str]:
    """What Textual would mix for itself: mixtures are in no palette."""
    chosen = colors.get("cursor-text", colors["foreground"])
    bars = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
    return {
        # an unfocused input must not blink or glow: it would send bytes for nothing
        "input-cursor-text-style": "reverse",
        "input-cursor-background": colors["background"],
        "input-cursor-foreground": colors["foreground"],
        "input-selection-background": colors["cursor"],
        "input-selection-foreground": chosen,
        "screen-selection-background": colors["cursor"],
        "screen-selection-foreground": chosen,
        **dict.fromkeys((*bars, "scrollbar-corner-color"), colors["background"]),
        "scrollbar": colors["border"],
        "scrollbar-hover": colors["border-focus"],
        "scrollbar-active": colors["border-focus"],
    }


def _variant(data: Mapping[str, object], name: str, color: Callable[[object], str]) -> _Palette:
    """The tables `[NAME.colors]`, `[NAME.tones]` and `[NAME.styles]`."""
    tables = data.get(name, {})
    if not isinstance(tables, dict):
        raise BadTheme(f"[{name}] must hold tables")
    found = {kind: _entries(tables, kind, f"{name}.{kind}") for kind in ("colors", "tones")}
    for unknown in tables.keys() - {*found, "styles"}:
        raise BadTheme(f"unknown key {unknown!r}")
    colors, tones = (
        {key: color(value) for key, value in entries.items()} for entries in (found["colors"], found["tones"])
    )
    palette = _Palette(colors, tones, _table(tables, "styles"))
    palette.check()
    return palette


def _of_256(value: object) -> str:
    """An index of the palette of 256 colours as a colour."""
    if not isinstance(value, int) or value not in FIXED:
        raise BadTheme(f"[256…] must hold numbers from {FIXED.start} to {FIXED.stop - 1}, not {value!r}")
    red, green, blue = rgb(value)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _of_16(value: object) -> str:
    """One of the terminal's own 16 colours, or its default."""
    if not isinstance(value, str) or not value.startswith("ansi_"):
        raise BadTheme(f"[16…] must hold names such as 'ansi_red', not {value!r}")
    return value


@cache
def _plain() -> _Palette:
    """The shipped colours for a terminal of 16, for the themes that say nothing else."""
    data = tomllib.loads((directory() / f"{SMALL}.toml").read_text(encoding="utf-8"))
    return _Palette(_table(data, "colors"), _table(data, "tones"), _table(data, "styles"))


def defaults() -> dict[str, str]:
    """Values of our variables for themes that do not set them, such as Textual's own."""
    variables = {f"tone-{tone}": "ansi_default" for tone in TONES}
    variables |= {f"tone-{tone}-style": "none" for tone in TONES}
    return variables | {
        "tone-alarm": "ansi_default",
        "tone-alarm-style": "bold reverse",
        # named by Textual's style sheets, and set by its own themes of 16 colours alone
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "cursor": "#444444",
        "cursor-text": "",
        "cursor-style": "none",
        "cursor-blurred": "#222222",
        "cursor-blurred-style": "none",
        "edge": "#555555",
        "edge-focus": "#ffffff",
        "field": "#222222",
        "field-focus": "#222222",
        "field-style": "none",
    }


def _table(data: Mapping[str, object], key: str) -> dict[str, str]:
    table = _entries(data, key, key)
    if not all(isinstance(value, str) for value in table.values()):
        raise BadTheme(f"[{key}] must hold texts")
    return {name: str(value) for name, value in table.items()}


def _entries(data: Mapping[str, object], key: str, name: str) -> dict[str, object]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise BadTheme(f"[{name}] must hold texts")
    return table
