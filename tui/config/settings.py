"""Reads flags, environment and files once, into a frozen `Settings`."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tui.config import choice
from tui.config.address import LOCAL_URL, host, http_url, unused_proxy
from tui.config.entries import merge
from tui.config.files import ConfigError
from tui.config.lk_file import read_lk
from tui.config.own_file import OwnFile, read_own
from tui.config.places import Places
from tui.config.projects import PROJECT_KEYS, FoundCredentials, warning
from tui.config.record import record_options
from tui.config.table import Table, read_or
from tui.project import Project
from tui.record_options import RecordOptions
from tui.secret import Secret

REFRESH: Final = 2.0
"""Seconds between polls of the agent list."""
REFRESH_RANGE: Final = (0.5, 3600.0)
LOG_MIB: Final = 64.0
LOG_MIB_RANGE: Final = (1.0, 4096.0)
LOG_DAYS_RANGE: Final = (0.0, 365.0)
SETTINGS_KEYS: Final = (
    "default_project",
    "refresh",
    "theme",
    "read_only",
    "low_bandwidth",
    "mouse",
    "ascii",
    "log_mib",
    "log_days",
    "log_suspects",
    "record",
    "record_metadata",
    "record_rooms",
    "record_hours",
    "record_mib",
    "event_days",
    "event_mib",
    "projects",
)
_SECRET_NAME: Final = "LIVEKIT_API_SECRET"


@dataclass(frozen=True)
class Flags:
    """Options of the command line; None and empty mean not given."""

    project: str = ""
    url: str = ""
    config: str = ""
    refresh: float | None = None
    theme: str = ""
    read_only: bool = False
    low_bandwidth: bool | None = None
    mouse: bool | None = None
    ascii: bool | None = None
    no_record: bool = False
    working_dir: str = ""


@dataclass(frozen=True)
class Settings:
    """All settings of the program."""

    working_dir: Path
    """Absolute. Where livekit.toml, Dockerfile and sources are."""
    state_dir: Path
    """For journal and spool; `state_dir()` creates it, or another one, before the screen starts."""
    config_file: Path
    """Our own configuration file; may not exist."""
    lk_file: Path
    """The project list of `lk`; may not exist."""
    project: Project | None = None
    """None: let the operator choose among `projects`."""
    projects: tuple[Project, ...] = ()
    """Every project that can be used, the chosen one first."""
    agent_id: str = ""
    """The agent that livekit.toml names; empty if none."""
    refresh: float = REFRESH
    """Seconds between polls of the agent list."""
    theme: str = ""
    """A theme's name; empty: by the terminal. A project's own theme has priority."""
    read_only: bool = False
    """The session's lock; already included in every project's."""
    low_bandwidth: bool = False
    """Send as few bytes to the terminal as possible."""
    mouse: bool = True
    ascii: bool = False
    """Draw with ASCII alone."""
    log_mib: float = LOG_MIB
    """MiB of received log lines that are held per source."""
    log_days: float = 0.0
    """Days for which received lines stay on disk; 0 removes them on exit."""
    log_suspects: bool = True
    """Look into the logs of agents that break, though nobody has opened them."""
    history_dir: Path | None = None
    """Where history is kept; None for the state directory."""
    record: RecordOptions | None = None
    """What is kept of the history of projects; None if nothing is."""
    config_error: str = ""
    """Why our own file exists and is not used; the session is then read-only. Also in `notices`."""
    notices: tuple[str, ...] = ()
    """Messages for the operator, one line each, not yet cleaned for display."""


def load(flags: Flags, environ: MutableMapping[str, str]) -> Settings:
    """Read everything; takes the API secret out of `environ` so that no child inherits it.

    Raises ConfigError for a flag or exported credentials that cannot be used, since continuing could act on
    another project. All other problems become notices.
    """
    notices: list[str] = []
    exported = _exported(environ, notices)
    places = Places.of(environ)
    working_dir = _working_dir(flags.working_dir)
    own = read_own(flags.config, places)
    if own.error:
        notices.append(f"{own.error}; without it this session is read-only and picks no project by itself")
    candidates = _candidates(environ, exported, own, working_dir, places, notices)
    project = choice.choose(flags.project, flags.url, candidates, notices)
    if project and (weakness := warning(project)):
        notices.append(weakness)
    known = [entry.project for entry in candidates.entries if entry.project]
    others = [item for item in known if not project or (item.name, item.key) != (project.name, project.key)]
    locked = flags.read_only or bool(own.error) or _is_locked(own.top, notices)
    chosen = _finished(project, flags, locked, environ) if project else None
    look = _look(flags, environ, own.top, working_dir, places, notices)
    return replace(
        look,
        record=None if own.error else look.record,  # nobody knows what it would have switched off
        project=chosen,
        projects=(
            *([chosen] if chosen else []),
            *(_finished(item, flags, locked, environ) for item in others),
        ),
        agent_id=candidates.project_file.agent_id,
        read_only=locked,
        config_error=own.error,
        notices=tuple(notices),
    )


def load_for(project: Project, flags: Flags, environ: MutableMapping[str, str]) -> Settings:
    """Settings for one given project, such as the demo's. No other project is read; only the flag locks.

    Raises ConfigError for flags that cannot be used.
    """
    environ.pop(_SECRET_NAME, None)
    places, notices = Places.of(environ), list[str]()
    own = read_own(flags.config, places)
    if own.error:
        notices.append(f"{own.error}; its settings are not used")
    look = _look(flags, environ, own.top, _working_dir(flags.working_dir), places, notices)
    only = _finished(project, flags, flags.read_only, environ)
    return replace(look, project=only, projects=(only,), read_only=flags.read_only, notices=tuple(notices))


def _finished(project: Project, flags: Flags, locked: bool, environ: Mapping[str, str]) -> Project:
    """The project with the session's lock and theme flag, which hold after a switch of projects too."""
    theme = "" if flags.theme else project.theme
    unused = "" if project.proxy else unused_proxy(environ, project.url)
    return replace(project, read_only=project.read_only or locked, theme=theme, unused_proxy=unused)


def _look(
    flags: Flags,
    environ: MutableMapping[str, str],
    top: Table,
    working_dir: Path,
    places: Places,
    notices: list[str],
) -> Settings:
    """The settings that do not depend on the project."""
    notices += top.unknown(SETTINGS_KEYS)
    refresh = flags.refresh
    if refresh is None:
        refresh = read_or(lambda: top.number("refresh", REFRESH, *REFRESH_RANGE), REFRESH, notices)
    log_mib = read_or(lambda: top.number("log_mib", LOG_MIB, *LOG_MIB_RANGE), LOG_MIB, notices)
    log_days = read_or(lambda: top.number("log_days", 0.0, *LOG_DAYS_RANGE), 0.0, notices)
    mouse = "SSH_CONNECTION" not in environ  # over SSH the terminal's own selection matters more
    return Settings(
        refresh=refresh,
        theme=flags.theme or read_or(lambda: top.string("theme"), "", notices),
        low_bandwidth=_switch(flags.low_bandwidth, top, "low_bandwidth", False, notices),
        mouse=_switch(flags.mouse, top, "mouse", mouse, notices),
        ascii=_switch(flags.ascii, top, "ascii", False, notices),
        log_mib=log_mib,
        log_days=log_days,
        log_suspects=read_or(lambda: top.flag("log_suspects", True), False, notices),
        record=None if flags.no_record else record_options(top, notices),
        working_dir=working_dir,
        state_dir=places.state,
        config_file=top.path,
        lk_file=places.lk,
    )


def _candidates(
    environ: MutableMapping[str, str],
    exported: FoundCredentials | None,
    own: OwnFile,
    working_dir: Path,
    places: Places,
    notices: list[str],
) -> choice.Candidates:
    """The projects of all sources."""
    agents = _agents_override(environ, notices)
    lk = read_lk(places, notices)
    for section in own.sections:
        notices += section.unknown(PROJECT_KEYS)
    entries = merge(own.sections, lk, places, agents)
    notices += [f"{entry.error}; the project is left out" for entry in entries if entry.error]
    if not exported and not any(entry.project for entry in entries):
        lacking = [entry for entry in entries if entry.lacks]
        notices += [f"project {entry.name}: {entry.lacks}" for entry in lacking[:1]]
        notices += [f"the same holds for {len(lacking) - 1} more of lk's projects"] if lacking[1:] else []
    return choice.Candidates(
        entries=entries,
        exported=exported,
        own_default=read_or(lambda: own.top.string("default_project"), "", notices),
        lk_default=lk.default,
        project_file=choice.read_project_file(working_dir, places, notices),
        own_error=own.error,
        agents_override=agents,
    )


def _switch(flag: bool | None, top: Table, key: str, default: bool, notices: list[str]) -> bool:
    if flag is not None:
        return flag
    return read_or(lambda: top.flag(key, default), default, notices)


def _is_locked(top: Table, notices: list[str]) -> bool:
    """Whether the session is locked; an invalid value locks it."""
    try:
        return top.lock("read_only", SETTINGS_KEYS)
    except ConfigError as error:
        notices.append(f"{error}; this session is read-only")
        return True


def _exported(environ: MutableMapping[str, str], notices: list[str]) -> FoundCredentials | None:
    """The environment's credentials: key and secret, or None."""
    secret = environ.pop(_SECRET_NAME, "")
    key, url = environ.get("LIVEKIT_API_KEY", ""), environ.get("LIVEKIT_URL", "")
    values = {"LIVEKIT_URL": url, "LIVEKIT_API_KEY": key, _SECRET_NAME: secret}
    present = [name for name, value in values.items() if value]
    if key and secret:
        return FoundCredentials(url or LOCAL_URL, key, Secret(secret), f"environment ({', '.join(present)})")
    if present:
        missing = [name for name in ("LIVEKIT_API_KEY", _SECRET_NAME) if not values[name]]
        notices.append(f"{' and '.join(present)} set without {' and '.join(missing)}: not used")
    return None


def _agents_override(environ: MutableMapping[str, str], notices: list[str]) -> str:
    """`$LK_AGENTS_URL`, with a notice, since it redirects the agent calls of every project."""
    text = environ.get("LK_AGENTS_URL", "")
    if not text:
        return ""
    url = http_url(text, "LK_AGENTS_URL")
    notices.append(f"LK_AGENTS_URL is set: agent calls of every project go to {host(url)}")
    return url


def _working_dir(text: str) -> Path:
    path = Path(os.path.expanduser(text or "."))
    try:
        absolute = path.absolute()
    except FileNotFoundError:
        raise ConfigError("the current directory no longer exists; cd to another one") from None
    if not absolute.is_dir():
        raise ConfigError(f"{path}: no such directory")
    return absolute
