"""Settles a create or deploy that an earlier session left unfinished, by reads only.

The answer that named its version is lost, so versions made since then are reported.
"""

from __future__ import annotations

from typing import Final

from tui.api.models import Version, instant
from tui.fleet.polling.sources import AGENTS, VERSIONS
from tui.fleet.status import Family, status
from tui.operations.journal.journal import Intent
from tui.operations.looks import whole
from tui.operations.operation import Effect, Verification
from tui.operations.remote import Remote

LABELS: Final = {"create": "Create", "deploy": "Deploy"}
"""Operation in the journal → its label; `tui.deploy` does them."""
SOURCES: Final = (AGENTS, VERSIONS)
"""What is polled once it is known."""
APART: Final = 60.0
"""Seconds by which our clock and the server's may differ (PROTOCOL.md, Tokens and grants)."""


async def verify(remote: Remote, intent: Intent) -> Verification:
    """Look for it. Raises the tree of `tui.api.errors`."""
    return await (_created if intent.operation == "create" else _deployed)(remote, intent)


async def _created(remote: Remote, intent: Intent) -> Verification:
    before = set(intent.baseline)
    agents = whole(await remote.list_agents(), "agents")
    new = [one.agent_id for one in agents if one.agent_id not in before]
    if not new:
        return Verification(Effect.NO, "no new agent is listed")
    if intent.is_blind:
        return Verification(
            Effect.CANNOT_TELL, f"{', '.join(new)} may be it, but what was there before is not known"
        )
    if len(new) > 1:
        return Verification(
            Effect.PARTLY, f"several agents are new since, {', '.join(new)}: which one is yours?"
        )
    return Verification(Effect.YES, f"{new[0]} is new: its status shows whether it was built")


async def _deployed(remote: Remote, intent: Intent) -> Verification:
    """New is what was not there before; of intents that did not note that, what was made since."""
    before, since = set(intent.baseline), intent.time - APART
    versions = whole(await remote.list_versions(intent.target), "versions")
    new = [item for item in versions if item.version not in before and (before or _made(item) >= since)]
    if not new:
        return await _only_secrets(remote, intent)
    newest = max(new, key=_made)
    if newest.current or newest.active:
        return Verification(Effect.YES, f"{newest.version} was made since, and serves")
    if status(newest.status).family is Family.ERROR:
        seen = Effect.PARTLY if intent.arguments else Effect.FAILED  # secrets are set before the build
        return Verification(seen, f"{newest.version} was made since, and its build failed")
    state = newest.status or "not serving"
    return Verification(Effect.PARTLY, f"{newest.version} was made since, and is {state}")


async def _only_secrets(remote: Remote, intent: Intent) -> Verification:
    """No version was made; secrets that went along may be set all the same."""
    words = f"no version of {intent.target} was made since"
    if not intent.arguments:
        return Verification(Effect.NO, words)
    secrets = {item.name: item for item in whole(await remote.list_secrets(intent.target), "secrets")}
    since = intent.time - APART
    touched = (secrets[name] for name in intent.arguments if name in secrets)
    new = [item.name for item in touched if (instant(item.updated_at) or 0.0) >= since]
    if not new:
        return Verification(Effect.NO, f"{words}, and none of its secrets was set")
    return Verification(Effect.PARTLY, f"{words}, but secrets were set since: {', '.join(new)}")


def _made(version: Version) -> float:
    return instant(version.created_at) or 0.0
