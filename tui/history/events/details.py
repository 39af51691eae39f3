"""What happened to the versions and secrets of an agent, which are listed only while somebody looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tui.api.models import SecretInfo, Version, instant
from tui.fleet.find import read_in_part
from tui.fleet.past import Kind, Severity, Subject
from tui.fleet.state import Fleet
from tui.formats import version_tag
from tui.history.events.drafts import Draft


def _of(fleet: Fleet, agent_id: str) -> Subject:
    agent = fleet.agent(agent_id)
    return Subject(agent_id=agent_id, agent_name=agent.name if agent is not None else "")


def of_versions(before: Fleet, after: Fleet) -> list[Draft]:
    """Versions that began, or ended, to finish their sessions. Which one is current the agents tell."""
    drafts: list[Draft] = []
    for agent_id, listed in after.versions.items():
        known = before.versions.get(agent_id)
        if known is None or known is listed:
            continue
        was, now = _draining(known), _draining(listed)
        for tag in now - was:
            words = f"version {version_tag(tag)} is draining: its sessions finish"
            drafts.append(Draft(Kind.DRAINING, Severity.INFO, words, _of(after, agent_id), after=tag))
        for tag in was - now:
            words = f"version {version_tag(tag)} has drained"
            drafts.append(Draft(Kind.DRAINING, Severity.INFO, words, _of(after, agent_id), before=tag))
    return drafts


def _draining(versions: tuple[Version, ...]) -> set[str]:
    return {version.version for version in versions if version.draining}


def of_secrets(before: Fleet, after: Fleet, listed_at: Mapping[str, float]) -> list[Draft]:
    """Secrets that were added, updated or removed between two listings of an agent's."""
    drafts: list[Draft] = []
    for agent_id, listed in after.secrets.items():
        known = before.secrets.get(agent_id)
        if known is None or known is listed:
            continue
        old, new = ({item.name: item for item in items} for items in (known, listed))
        changed = [item for name, item in new.items() if name in old and old[name] != item]
        groups = (
            ("updated", changed),
            ("added", [item for name, item in new.items() if name not in old]),
            ("removed", [item for name, item in old.items() if name not in new]),
        )
        for verb, items in groups:
            partly = {"added": before, "removed": after}.get(verb)  # such a listing does not tell
            if items and not (partly and read_in_part(partly, "secrets", agent_id)):
                drafts.append(_secret(verb, items, _of(after, agent_id), listed_at.get(agent_id)))
    return drafts


def _secret(verb: str, items: list[SecretInfo], subject: Subject, listed_at: float | None) -> Draft:
    names = ", ".join(item.name for item in items[:3]) + (f" and {len(items) - 3} more" * (len(items) > 3))
    words = f"secret{'s' if len(items) > 1 else ''} {names} {verb}"
    at = None if verb == "removed" else max(instant(item.updated_at) or 0.0 for item in items) or None
    not_before = listed_at if at is None else None
    return Draft(Kind.SECRETS, Severity.INFO, words, subject, at=at, not_before=not_before)


def listed_secrets(known: Mapping[str, float], before: Fleet, after: Fleet, at: float) -> Mapping[str, float]:
    """When the secrets of agents were listed last, by agent id; of suspects, when they differed last."""
    listed = set()
    if after.secrets is not before.secrets:
        listed = {id for id, secrets in after.secrets.items() if before.secrets.get(id) is not secrets}
    fresh = after.fresh("secrets")
    if fresh.subject and fresh.at is not None and fresh.at != before.fresh("secrets").at:
        listed.add(fresh.subject)
    if not listed:
        return known
    return {
        **{key: value for key, value in known.items() if key in after.secrets},
        **dict.fromkeys(listed, at),
    }
