"""The key that a diagnosis leads to, in words. Must not know how the diagnosis was made."""

from __future__ import annotations

from typing import Final

from tui.fleet.reason import BUILD_LOG, LOG, Reason
from tui.fleet.view import View
from tui.operations.registry import BY_ID
from tui.ui.keys.contexts import AGENTS, SECRETS
from tui.ui.keys.key import Key
from tui.ui.keys.names import shown_all
from tui.ui.keys.table import KEYS

_ACTIONS: Final = {LOG: "logs('deploy')", BUILD_LOG: "logs('build')"}
_VERBS: Final = {
    LOG: "shows the log",
    BUILD_LOG: "shows it",
    "rollback": "rolls back",
    "restart": "restarts it",
    "new_secret": "adds one",
}
_TO_SECRETS: Final = "detail('secrets')"


def next_key(next_operation_id: str) -> str:
    """The keys to press on an agent, such as `R`, with what they do; empty if nothing does it."""
    action = _ACTIONS.get(next_operation_id, f"screen.operate('{next_operation_id}')")
    for key in KEYS:
        for use in key.uses if key.on else ():
            if use.action == action:
                first = (
                    ""
                    if AGENTS in use.contexts or SECRETS not in use.contexts
                    else f"{_opens_secrets()}, then "
                )
                known = BY_ID.get(next_operation_id)
                verb = _VERBS.get(next_operation_id) or (known.label.lower() if known else "")
                return f"{first}{_shown(key)} {verb}"
    return ""


def diagnosis(reason: Reason, view: View) -> str:
    """A diagnosis with the key to press next; in the past there is none."""
    words = "" if view.is_past else next_key(reason.next_operation_id)
    return f"{reason.text} · {words}" if words else reason.text


def _opens_secrets() -> str:
    return next(_shown(key) for key in KEYS for use in key.uses if use.action == _TO_SECRETS)


def _shown(key: Key) -> str:
    return shown_all(key.names)[0]
