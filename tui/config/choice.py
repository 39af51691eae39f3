"""Chooses the project: from flags, environment, configuration, or None for the operator to choose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tui.config import address
from tui.config.entries import Entry, locked
from tui.config.files import ConfigError, read_private
from tui.config.places import Places
from tui.config.projects import FoundCredentials, Policy, build
from tui.config.table import nearest
from tui.livekit_toml import InvalidLivekitToml, read
from tui.project import Project

_EXPORTED_FIELDS: Final = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")


@dataclass(frozen=True)
class ProjectFile:
    """The working directory's livekit.toml as a source of the choice."""

    where: str
    """The directory, as shown."""
    subdomain: str = ""
    agent_id: str = ""
    is_there: bool = False
    """It ends the search, also where it cannot be read or names no project."""


@dataclass(frozen=True)
class Candidates:
    """All sources of the choice."""

    entries: tuple[Entry, ...]
    exported: FoundCredentials | None
    own_default: str
    lk_default: str
    project_file: ProjectFile
    own_error: str
    agents_override: str
    """`$LK_AGENTS_URL`, checked; empty if unset."""

    def named(self, name: str) -> Entry | None:
        """The entry of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def at(self, url: str) -> list[Entry]:
        """The entries at exactly that address."""
        return [entry for entry in self.entries if entry.url == url]


def read_project_file(directory: Path, places: Places, notices: list[str]) -> ProjectFile:
    """Read livekit.toml of the working directory (`lk` reads the one of the current directory)."""
    path, where = directory / "livekit.toml", places.show(directory)
    try:
        # It holds no secret and may be a link or another user's; its texts are only compared with names.
        text = read_private(path, owner=False, mode=False)
        if text is None:
            return ProjectFile(where)
        said = read(text)
    except ConfigError as error:
        notices.append(f"{error}; it may name a project, so none is picked by itself")
        return ProjectFile(where, is_there=True)
    except InvalidLivekitToml as error:
        notices.append(f"{error.at(str(path))}; it may name a project, so none is picked by itself")
        return ProjectFile(where, is_there=True)
    if said.old_format:
        notices.append(f"{path}: old format (project_subdomain); it names no agent, select one in the list")
    elif not said.subdomain:
        notices.append(
            f"{path}: has no [project] with a subdomain: neither it nor lk's default picks a project"
        )
    if not said.old_format and not said.agent_id:
        notices.append(f"{path}: has no [agent] with an id")
    return ProjectFile(where, said.subdomain, said.agent_id, is_there=True)


def choose(name: str, url: str, candidates: Candidates, notices: list[str]) -> Project | None:
    """Flags, then environment, our default, livekit.toml, lk's default; None leaves it to the operator.

    A source that names an unusable project ends the search, and so does a livekit.toml that names none: the
    next source may mean another project. A single configured project is not chosen automatically, unlike in
    `lk` (PROTOCOL.md, Quirks).
    Raises ConfigError for flags and exported credentials that cannot be used.
    """
    if name or url:
        return _by_flag(name, url, candidates)
    if candidates.exported:
        return _by_environment(candidates.exported, candidates)
    if candidates.own_error:
        return None
    if candidates.own_default:
        return _by_name(candidates.own_default, "default_project of config.toml", candidates, notices)
    if candidates.project_file.is_there:
        return _by_subdomain(candidates, notices)
    if candidates.lk_default:
        return _by_name(candidates.lk_default, "lk default project", candidates, notices)
    return None


def _by_flag(name: str, url: str, candidates: Candidates) -> Project:
    target = address.http_url(url, "--url") if url else ""
    if name:
        project = _named(name, candidates)
        return _moved(project, target, candidates) if target and target != project.url else project
    if candidates.exported:
        source = "flag --url, credentials from the environment"
        return _by_environment(replace(candidates.exported, url=target, source=source), candidates)
    known = [entry.project for entry in candidates.at(target) if entry.project]
    if not known:
        raise ConfigError(
            f"--url: no credentials for {address.host(target)}; set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, "
            "or add the project to the configuration"
        )
    return replace(known[0], source=f"flag --url, credentials of project {known[0].name}")


def _named(name: str, candidates: Candidates) -> Project:
    """The project of that name; raises ConfigError rather than take another one."""
    entry = candidates.named(name)
    if entry is None:
        if candidates.own_error:  # it may hold this very name
            raise ConfigError(f"--project {name}: {candidates.own_error}; nothing in it is used")
        names = [entry.name for entry in candidates.entries]
        known = f"known: {', '.join(names)}" if names else "none is configured"
        raise ConfigError(f"--project: no project has that name{nearest(name, names)}; {known}")
    if entry.project:
        return replace(entry.project, source="flag --project")
    if entry.error:
        raise ConfigError(f"--project {name}: {entry.error}")
    if not candidates.exported:
        keys = "no credentials; set LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
        raise ConfigError(f"--project {name}: {entry.lacks or keys}")
    source = "flag --project, credentials from the environment"
    return _by_environment(replace(candidates.exported, url=entry.url, source=source), candidates)


def _moved(project: Project, url: str, candidates: Candidates) -> Project:
    """The project's credentials at another URL, with the locks of that URL too.

    The agents host is derived from the new URL: a configured one belongs to the old.
    """
    agents = candidates.agents_override or address.agents_url(url)
    moved = replace(project, url=url, agents_url=agents, source="flags --project and --url")
    return locked(moved, candidates.entries)


def _by_environment(exported: FoundCredentials, candidates: Candidates) -> Project:
    """Exported credentials, with the name and policy that the configuration has for their URL."""
    url = address.http_url(exported.url, _EXPORTED_FIELDS[0])
    there = candidates.at(url)
    policy = next((entry.policy for entry in there if entry.is_ours and entry.policy), Policy())
    name = there[0].name if there else address.short_name(url)
    if not there and candidates.named(name):
        name = address.host(url)
    override = candidates.agents_override
    project = build(name, exported, policy, agents_override=override, names=_EXPORTED_FIELDS)
    return locked(project, candidates.entries)


def _by_name(name: str, source: str, candidates: Candidates, notices: list[str]) -> Project | None:
    entry = candidates.named(name)
    if entry and entry.project:
        return replace(entry.project, source=source)
    why = " cannot be used" if entry else " is not among the known projects"
    why = f": {entry.lacks}" if entry and entry.lacks else why
    notices.append(f"{source} {name!r}{why}; choose one")
    return None


def _by_subdomain(candidates: Candidates, notices: list[str]) -> Project | None:
    """The one usable project of this subdomain; no name of a host differs by case."""
    file = candidates.project_file
    if not file.subdomain:
        return None
    named = file.subdomain.lower()
    usable = [entry.project for entry in candidates.entries if entry.project]
    matches = [project for project in usable if address.subdomain(project.url) == named]
    if len(matches) == 1:
        return replace(matches[0], source=f"livekit.toml in {file.where}")
    there = (entry for entry in candidates.entries if address.subdomain(entry.url) == named)
    lacks = next((entry.lacks for entry in there if entry.lacks), "")
    why = "several known projects match" if matches else lacks or "no known project matches"
    notices.append(f"livekit.toml in {file.where} names subdomain {file.subdomain!r}: {why}; choose one")
    return None
