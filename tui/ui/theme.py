"""Themes as TOML files: those in `themes/` and the operator's own. A bad file is reported, not fatal."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from msgspec import Struct
from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.api.clean import clean

TONES: Final = ("text", "ok", "warn", "error", "sleep", "busy", "muted", "accent", "info")
"""The tones that panes speak in; each theme says what they look like."""
DEFAULT: Final = "dark"
SMALL: Final = "ansi16"
"""The one whose colours take the fewest bytes."""

_COLORS: Final = (
    *("background", "surface", "panel", "foreground", "primary", "secondary", "accent"),
    *("success", "warning", "error"),
)
_EXTRA: Final = ("cursor", "cursor-blurred", "border", "border-focus")
_STYLES: Final = frozenset({"none", "bold", "dim", "italic", "underline", "reverse", "strike"})


class BadTheme(ValueError):
    """A theme file that cannot be used; its text says why, on one line."""


class Themes(Struct, frozen=True):
    """What was found."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]
    """One line for each file that cannot be used."""


def directory() -> Path:
    """Where the shipped themes are: inside the package when installed, at the root of a checkout."""
    package = Path(str(files("tui")))
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load(more: Iterable[Path] = ()) -> Themes:
    """Every theme of the shipped directory and of `more`; a later one of the same name wins."""
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in (directory(), *more):
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                theme = parse(path.stem, path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, BadTheme) as error:
                problems.append(clean(f"theme {path.name} not used: {error}", limit=200))
            else:
                found[theme.name] = theme
    return Themes(tuple(found.values()), tuple(problems))


def parse(name: str, text: str) -> Theme:
    """A theme from the text of its file. Raises `BadTheme` or `tomllib.TOMLDecodeError`."""
    data = tomllib.loads(text)
    colors = _table(data, "colors")
    tones = _table(data, "tones")
    styles = _table(data, "styles")
    for unknown in (*(colors.keys() - {*_COLORS, *_EXTRA}), *((tones.keys() | styles.keys()) - {*TONES})):
        raise BadTheme(f"unknown key {unknown!r}")
    for missing in (key for key in (*_COLORS, *_EXTRA) if key not in colors):
        raise BadTheme(f"[colors] lacks {missing!r}")
    for key, color in (*colors.items(), *tones.items()):
        try:
            Color.parse(color)
        except ColorParseError:
            raise BadTheme(f"{key} = {color!r} is no colour") from None
    for key, style in styles.items():
        if not set(style.split()) <= _STYLES:
            raise BadTheme(f"{key} = {style!r} is no text style; there are {', '.join(sorted(_STYLES))}")
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
        ansi=data.get("ansi") is True,
        variables=_variables(colors, tones, styles),
    )


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
        "cursor-blurred": "#222222",
        "edge": "#555555",
        "edge-focus": "#ffffff",
    }


def _variables(
    colors: Mapping[str, str], tones: Mapping[str, str], styles: Mapping[str, str]
) -> dict[str, str]:
    variables = {f"tone-{tone}": tones.get(tone, colors["foreground"]) for tone in TONES}
    variables |= {f"tone-{tone}-style": styles.get(tone, "none") for tone in TONES}
    return variables | {
        # what must never be overlooked: a bar, which no tone is in any theme of colours
        "tone-alarm": variables["tone-error"],
        "tone-alarm-style": "bold reverse",
        "cursor": colors["cursor"],
        "cursor-blurred": colors["cursor-blurred"],
        "edge": colors["border"],
        "edge-focus": colors["border-focus"],
        # an unfocused input must not blink or glow: it would send bytes for nothing
        "input-cursor-text-style": "reverse",
    }


def _table(data: Mapping[str, object], key: str) -> dict[str, str]:
    table = data.get(key, {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise BadTheme(f"[{key}] must hold texts")
    return table
