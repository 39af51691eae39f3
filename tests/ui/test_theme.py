"""Themes: the shipped ones are whole, a bad one is a line of words and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from textual.color import Color

from tui.ui import theme
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


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "ansi16"])
def test_a_shipped_theme_can_be_read(name: str) -> None:
    """Contrast of every tone against the background, and against the row under the cursor."""
    made = parse(name, (directory() / f"{name}.toml").read_text(encoding="utf-8"))
    assert made.background is not None
    for tone in TONES:
        color = Color.parse(made.variables[f"tone-{tone}"])
        assert _contrast(color, Color.parse(made.background)) >= (3.0 if tone == "muted" else 4.5), tone
        assert _contrast(color, Color.parse(made.variables["cursor"])) >= 3.0, tone


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
        (DARK + "\n[styles]\nok = 'blinking'\n", "no text style"),
        ("[colors]\nbackground = 5\n", "[colors] must hold texts"),
        ("colors = 'all of them'", "[colors] must hold texts"),
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
    (tmp_path / "mine.toml").write_text(DARK.replace("#7bd88f", "#00ff00"), encoding="utf-8")
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
