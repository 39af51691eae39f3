"""A thing as LiveKit sent it: personal data only on request, secrets never, and nothing a terminal obeys."""

import json

import pytest

from tui.ui.overlays.raw import lines

ROOM = {
    "name": "desk",
    "metadata": "ann",
    "turn_password": "hunter2",
    "agents": [
        {"turnPassword": "hunter2", "attributes": {"phone": "555"}, "secrets": [{"value": "hunter2"}]}
    ],
}


def read(*, revealed: bool) -> str:
    return "\n".join(lines(json.dumps(ROOM).encode(), revealed=revealed))


def test_personal_data_are_shown_on_request() -> None:
    masked = json.loads(read(revealed=False))
    assert (masked["name"], masked["metadata"], masked["agents"][0]["attributes"]) == ("desk", "***", "***")
    shown = json.loads(read(revealed=True))
    assert (shown["metadata"], shown["agents"][0]["attributes"]) == ("ann", {"phone": "555"})


@pytest.mark.parametrize("revealed", [False, True])
def test_a_secret_is_never_shown(revealed: bool) -> None:
    text = read(revealed=revealed)
    assert "hunter2" not in text
    assert text.count('"***"') >= 3


def test_what_is_empty_is_told_from_what_is_masked() -> None:
    assert lines(b'{"metadata": ""}', revealed=False) == ["{", '  "metadata": ""', "}"]


@pytest.mark.parametrize("raw", ['{"name": "\\u001b[31mred\\u202e"}', "not JSON \x1b[31m"])
def test_nothing_of_it_reaches_the_terminal_as_a_command(raw: str) -> None:
    text = "".join(lines(raw.encode(), revealed=True))
    assert "\x1b" not in text
    assert "\u202e" not in text
