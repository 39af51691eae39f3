"""What an error in a log says in a few words, and which environment variable it misses. Pure."""

from __future__ import annotations

import re
from typing import Final

from tui.api.models import RESERVED_SECRETS

BRIEF: Final = 40
"""Characters of an error that stands in a column as it is; of a longer one its class does."""
_KEY_ERROR: Final = re.compile(r"KeyError: ['\"]([A-Z][A-Z0-9_]{2,})['\"]")
_VARIABLE: Final = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|SECRET|TOKEN|URL|ID|PASSWORD))\b")
_ABSENT: Final = re.compile(
    r"must be set|not set|missing|required|environment|env var|undefined", re.IGNORECASE
)


def missing_variable(error: str) -> str:
    """The environment variable that an error misses; empty if it names none, or one that LiveKit sets."""
    found = _KEY_ERROR.search(error)
    if found is None and _ABSENT.search(error):
        found = _VARIABLE.search(error)
    return found[1] if found is not None and found[1] not in RESERVED_SECRETS else ""


def brief(error: str) -> str:
    """An error in a few words, the variable that it misses first: the end of a column is cut off."""
    kind, colon, _ = error.partition(":")
    variable = missing_variable(error) if colon and len(kind) <= BRIEF else ""
    if variable and not error.startswith(variable):
        return f"{variable}: {kind}"
    return error if len(error) <= BRIEF else kind
