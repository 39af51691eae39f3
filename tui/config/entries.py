"""The known projects: sections of our own file and those of `lk`, merged into one list."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tui.config import address
from tui.config.files import ConfigError, FieldError
from tui.config.lk_file import LkFile
from tui.config.places import Places
from tui.config.projects import NO_KEYS, PROJECT_KEYS, FoundCredentials, Policy, build, has_keys
from tui.config.table import Table
from tui.project import REQUESTS_PER_MINUTE, Project
from tui.secret import Secret


@dataclass(frozen=True)
class Entry:
    """One named project of a file, usable or not."""

    name: str
    url: str
    """Its URL; empty if it is missing or refused."""
    project: Project | None
    """None when it cannot be used; `error` says why, or is empty if only its credentials are elsewhere."""
    policy: Policy | None
    """None when it cannot be read."""
    error: str = ""
    lacks: str = ""
    """Why its credentials are missing, in words, where that is known."""
    is_ours: bool = False
    """From our own file: its locks hold for its URL with any credentials."""


def merge(sections: Iterable[Table], lk: LkFile, places: Places, agents_override: str) -> tuple[Entry, ...]:
    """One entry per name. A section without keys adds its settings to `lk`'s project of the same name.

    An invalid section hides `lk`'s project of the same name: it must not be usable without the section's
    `danger` or `read_only`.
    """
    entries: dict[str, Entry] = {}
    for section in sections:
        name = section.name.partition(".")[2]
        entries[name] = _our_entry(section, name, lk.projects.get(name), places, agents_override)
    for name, credentials in lk.projects.items():
        if name not in entries:
            entries[name] = _lk_entry(name, credentials, places, agents_override)
    known = tuple(entries.values())
    return tuple(replace(e, project=locked(e.project, known)) if e.project else e for e in known)


def locked(project: Project, entries: Iterable[Entry]) -> Project:
    """`project` with the locks of every section that has its URL, under any name.

    Exported credentials or a second name for production must not unlock it, and a section that cannot be read
    counts as locked.
    """
    policies = [entry.policy for entry in entries if entry.is_ours and entry.url == project.url]
    return replace(
        project,
        read_only=project.read_only or any(policy is None or policy.read_only for policy in policies),
        danger=project.danger or any(policy is None or policy.danger for policy in policies),
        record=project.record and all(policy is not None and policy.record for policy in policies),
    )


def _lk_entry(name: str, credentials: FoundCredentials, places: Places, agents_override: str) -> Entry:
    try:
        if not has_keys(credentials):
            return Entry(name, address.http_url(credentials.url, "url"), None, Policy(), lacks=NO_KEYS)
        project = build(name, credentials, Policy(), agents_override=agents_override)
    except ConfigError as error:
        return Entry(name, "", None, None, f"{places.lk}: project {name!r}: {error}")
    return Entry(name, project.url, project, Policy())


def _our_entry(
    section: Table, name: str, lk: FoundCredentials | None, places: Places, agents_override: str
) -> Entry:
    """The usable part of a section: its URL and policy even without usable credentials."""
    url, policy = "", None
    try:
        written = section.string("url") or (lk.url if lk else "")
        if not written:
            raise section.error("url", "is missing, and lk knows no project of this name")
        url = address.http_url(written, "url")
        policy = _policy(section)
        credentials = _credentials(section, lk, url, places)
        if credentials is None:
            return Entry(name, url, None, policy, lacks=NO_KEYS if lk else "", is_ours=True)
        project = build(name, credentials, policy, agents_override=agents_override)
        return Entry(name, url, project, policy, is_ours=True)
    except FieldError as error:
        problem: ConfigError = section.error(error.field, error.problem)
    except ConfigError as error:
        problem = error
    return Entry(name, url, None, policy, str(problem), is_ours=True)


def _credentials(
    section: Table, lk: FoundCredentials | None, url: str, places: Places
) -> FoundCredentials | None:
    """The section's own key pair, or `lk`'s under the same name, never half of each; None without one."""
    key, secret, source = section.string("api_key"), section.string("api_secret"), places.show(section.path)
    if key or secret:
        return FoundCredentials(url, key, Secret(secret), source)
    return replace(lk, url=url, source=f"{source} and {lk.source}") if lk and has_keys(lk) else None


def _policy(section: Table) -> Policy:
    """Raises ConfigError, so that a mistyped lock is never ignored."""
    agents, proxy = section.string("agents_url"), section.string("proxy")
    return Policy(
        agents_url=address.http_url(agents, "agents_url") if agents else "",
        read_only=section.lock("read_only", PROJECT_KEYS),
        danger=section.lock("danger", PROJECT_KEYS),
        ca_file=_ca_file(section),
        proxy=address.proxy_url(proxy, "proxy") if proxy else None,
        requests_per_minute=int(section.number("requests_per_minute", REQUESTS_PER_MINUTE, 1, 1000)),
        record=section.flag("record", True),
        theme=section.string("theme"),
    )


def _ca_file(section: Table) -> str | None:
    """A path relative to the file that names it; checked now and not at the first connection."""
    text = section.string("ca_file")
    if not text:
        return None
    path = section.path.parent / os.path.expanduser(text)
    import ssl  # takes 10 ms of start-up and is rarely needed

    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # SSLError is one
        raise section.error("ca_file", "is not a readable file of PEM certificates") from None
    return str(path)
