"""What is said of a key that means nothing where it is pressed, or means something else than it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from tui.ui.keys.contexts import LOGS, Context, Group
from tui.ui.keys.key import Key
from tui.ui.keys.moved import MOVED, Moved
from tui.ui.keys.names import shown
from tui.ui.keys.table import ACTS, KEYS

USES: Final = 3
"""Times that a key which got another meaning says so."""
_BY_NAME: Final[dict[str, list[Key]]] = {}
for _key in KEYS:
    for _name in _key.names.split(","):
        if _key.on:
            _BY_NAME.setdefault(_name, []).append(_key)
_MOVED: Final[dict[str, list[Moved]]] = {}
for _moved in MOVED:
    _MOVED.setdefault(_moved.name, []).append(_moved)


class Hints:
    """Remembers what it has said."""

    def __init__(self) -> None:
        self._said: Counter[tuple[str, str]] = Counter()

    def of(self, name: str, contexts: Collection[Context]) -> str:
        """What to say of a key that is pressed in these contexts, nearest first; empty for nothing."""
        if not contexts:
            return ""
        moved = next(
            (item for item in _MOVED.get(name, ()) if not set(contexts).isdisjoint(item.contexts)), None
        )
        label = _label(name, contexts)
        if moved is not None:
            return self._of_moved(moved, label)
        group = next(iter(contexts)).group
        if label or group is not Group.MAIN:
            return ""
        key = next((key for key in _BY_NAME.get(name, ()) if _places(key) is not None), None)
        return self._of_nothing(name, key, contexts) if key is not None else ""

    def _of_moved(self, moved: Moved, label: str) -> str:
        key = shown(moved.name)
        if not label:
            return f"{key} does nothing here now: {moved.was} moved to {moved.to}"
        self._said[key, moved.was] += 1
        if self._said[key, moved.was] > USES:
            return ""
        return f"now: {_lower(label)}; {moved.was} moved to {moved.to}"

    def _of_nothing(self, name: str, key: Key, contexts: Collection[Context]) -> str:
        """Once for each place; a key that acts says so whenever it is pressed in a log."""
        place = next(iter(contexts)).name
        self._said[name, place] += 1
        if self._said[name, place] > 1 and not (key in ACTS and LOGS in contexts):
            return ""
        said = f"{shown(name)} does nothing here"
        instead = next((words for context, words in key.instead if context in contexts), "")
        return f"{said}: {instead or _elsewhere(key)}"


def _label(name: str, contexts: Collection[Context]) -> str:
    """What a key does in these contexts; empty for nothing."""
    for context in contexts:
        for key in _BY_NAME.get(name, ()):
            for use in key.uses:
                if context in use.contexts:
                    return use.label or key.meaning
    return ""


def _places(key: Key) -> list[str] | None:
    """Where a key does something; empty if only on the main screen, None if in other groups alone."""
    found = [context for use in key.uses for context in use.contexts if context.group is Group.MAIN]
    return list(dict.fromkeys(context.words for context in found if context.words)) if found else None


def _elsewhere(key: Key) -> str:
    places = _places(key)
    words = _lower(key.meaning)
    return f"{words}, in {', '.join(places)}" if places else f"{words}, on the main screen; Esc leads there"


def _lower(words: str) -> str:
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
