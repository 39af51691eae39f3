"""How keys are written: as on keyboards, from the names that Textual gives to what arrives."""

from __future__ import annotations

_SHOWN = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "exclamation_mark": "!",
    "asterisk": "*",
    "backslash": "\\",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "minus": "-",
    "plus": "+",
    "ampersand": "&",
    "comma": ",",
    "full_stop": ".",
    "at": "@",
    "equals_sign": "=",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "home": "Home",
    "end": "End",
    "delete": "Del",
    "escape": "Esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def shown(key: str) -> str:
    """A key as it is written on keyboards."""
    if key in ("ctrl+@", "ctrl+at"):  # what terminals send for ctrl+space, and for ctrl+@ itself
        key = "ctrl+space"
    *modifiers, name = key.split("+")
    function_key = name[:1] == "f" and name[1:].isdigit()
    return "+".join((*modifiers, name.upper() if function_key else _SHOWN.get(name, name)))


def shown_all(names: str) -> list[str]:
    """Several keys, from their names with commas between them; two names of one key are written once."""
    return list(dict.fromkeys(map(shown, names.split(","))))
