"""`lktop doctor`: reports on terminal, files and project. Shows no secret and sends no token."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import stat
import sys
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tui import __version__, demo, process
from tui.api.probe import Probe, probe
from tui.config import ConfigError, Flags, Settings, load
from tui.history.files.folder import network_file_system
from tui.operations.journal.journal import JOURNAL, JournalError
from tui.operations.journal.old_entries import exposed, mask_entries
from tui.project import Project
from tui.ui.terminal import detect

SKEW_NOTE: Final = 30.0
"""Clock difference that is mentioned, seconds."""
SKEW_LIMIT: Final = 50.0
"""Clock difference from which tokens may be refused, seconds; servers allow 60."""

MASK_COMMAND: Final = "lktop doctor --mask-journal"

Mark = Literal["ok", "note", "PROBLEM"]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    mark: Mark
    name: str
    text: str


def run(
    flags: Flags, environ: MutableMapping[str, str], notices: Sequence[str], *, mask: bool = False
) -> int:
    """Print the report; returns 0 if lktop can be used here, else 1. `mask` rewrites old journal entries."""
    findings = list(examine(flags, environ, notices, probe, mask=mask))
    problems = sum(finding.mark == "PROBLEM" for finding in findings)
    lines = [f"{finding.mark:8}{finding.name:14}{finding.text}" for finding in findings]
    lines.append(f"{problems or 'no'} problem{'' if problems == 1 else 's'} found")
    text = "\n".join(map(process.printable, lines))
    try:
        print(text.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding), flush=True)
    except BrokenPipeError:  # the reader, such as `head`, has ended; keep Python from writing again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if problems else 0


def examine(
    flags: Flags,
    environ: MutableMapping[str, str],
    notices: Sequence[str],
    look: Callable[[str], Probe],
    *,
    mask: bool = False,
) -> Iterator[Finding]:
    """All lines of the report; `look` probes a host without a token, `mask` rewrites old journal entries."""
    yield _versions()
    yield from (Finding("note", "environment", notice) for notice in notices)
    try:
        settings = load(flags, environ)
    except ConfigError as error:
        yield from _terminal(environ, bool(flags.ascii))
        yield Finding("PROBLEM", "configuration", str(error))
        return
    yield from _terminal(environ, settings.ascii)
    yield from _files(settings)
    yield from _journal(settings.state_dir / JOURNAL, mask=mask)
    yield _history(settings)
    for notice in settings.notices:
        is_problem = bool(settings.config_error) and notice.startswith(settings.config_error)
        yield Finding("PROBLEM" if is_problem else "note", "configuration", notice)
    if settings.project:
        yield from _project(settings.project)
        yield from _hosts(settings.project, look)
    elif settings.projects:
        names = ", ".join(project.name for project in settings.projects)
        yield Finding("note", "project", f"none is chosen; the program will ask: {names}")
    else:
        yield Finding("PROBLEM", "project", "none is known; export LIVEKIT_URL and keys, or `lk project add`")


def _versions() -> Finding:
    parts = [f"{name} {importlib.metadata.version(name)}" for name in ("textual", "httpx")]
    simulator = "with" if demo.is_installed() else "without"
    python = f"Python {platform.python_version()}"
    return Finding("ok", "lktop", f"{__version__}, {python}, {', '.join(parts)}, {simulator} the simulator")


def _terminal(environ: MutableMapping[str, str], ascii_only: bool) -> Iterator[Finding]:
    streams = sys.__stdin__, sys.__stderr__
    found = detect.detect(environ, *streams, detect.run_quietly)
    yield from (Finding("ok", name, text) for name, text in found.report())
    if refusal := detect.refusal(environ, *streams, ascii_only=ascii_only):
        yield Finding("PROBLEM", "terminal", refusal)


def _files(settings: Settings) -> Iterator[Finding]:
    named = (
        ("config", settings.config_file),
        ("lk's projects", settings.lk_file),
        ("livekit.toml", settings.working_dir / "livekit.toml"),
        ("state", settings.state_dir),
    )
    for name, path in named:
        yield Finding("ok", name, f"{path}: {_mode(path)}")


def _journal(path: Path, *, mask: bool) -> Iterator[Finding]:
    """Entries of older versions that hold a token or a signed address."""
    try:
        if mask:
            yield Finding("ok", "journal", f"{mask_entries(path)} entries were masked")
        elif found := exposed(path):
            text = f"{path}: {found} entries hold a token or a signed address; `{MASK_COMMAND}` masks them"
            yield Finding("PROBLEM", "journal", text)
    except JournalError as error:
        yield Finding("PROBLEM", "journal", str(error))


def _history(settings: Settings) -> Finding:
    """Whether the history of projects can be kept."""
    path = settings.state_dir / "history"
    if settings.record is None:
        return Finding("note", "history", "not kept: `record` is off")
    kind = network_file_system(path)
    if kind:
        text = f"not kept: {path} is on a network file system ({kind}); set XDG_STATE_HOME to a local one"
        return Finding("note", "history", text)
    doubt = ", not checked for a network file system" if kind is None else ""
    return Finding("ok", "history", f"{path}: {_mode(path)}{doubt}")


def _mode(path: Path) -> str:
    """Type and mode of a file; whether they are acceptable is checked by the configuration."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return "not there" if isinstance(error, FileNotFoundError) else str(error.strerror)
    owner = "yours" if status.st_uid == os.geteuid() else f"of user id {status.st_uid}"
    return f"{stat.filemode(status.st_mode)} {owner}"


def _project(project: Project) -> Iterator[Finding]:
    locks = [word for word, on in (("read-only", project.read_only), ("danger", project.danger)) if on]
    yield Finding("ok", "project", f"{project.name}, from {project.source}")
    yield Finding("ok", "locks", ", ".join(locks) or "none")
    yield Finding(
        "ok", "budget", f"at most {project.requests_per_minute} requests a minute, fewer after a 429"
    )
    if project.unused_proxy:
        text = f"{project.unused_proxy} is set and not used; `proxy` of the project in config.toml would be"
        yield Finding("note", "proxy", text)
    if project.proxy or project.ca_file:
        yield Finding("ok", "network", f"proxy {project.proxy or 'none'}, CA {project.ca_file or 'public'}")


def _hosts(project: Project, look: Callable[[str], Probe]) -> Iterator[Finding]:
    yield from _host("project at", project.url, project, look)
    if project.agents_url != project.url:
        yield from _host("agents at", project.agents_url, project, look)


def _host(name: str, url: str, project: Project, look: Callable[[str], Probe]) -> Iterator[Finding]:
    if project.proxy or project.ca_file:
        yield Finding("note", name, f"{url}: not tried, since it needs the project's proxy or CA")
        yield Finding("note", "clock", "not compared: no server was asked")
        return
    seen = look(url)
    why = (
        f"; {project.unused_proxy} is set and not used" if project.unused_proxy and not seen.reachable else ""
    )
    yield Finding("ok" if seen.reachable else "PROBLEM", name, f"{url}: {seen.message}{why}")
    yield _clock(seen)


def _clock(seen: Probe) -> Finding:
    skew = seen.skew_seconds
    if skew is None:
        why = "the answer does not say the time" if seen.reachable else "no server answered"
        return Finding("note", "clock", f"not compared: {why}")
    if abs(skew) <= SKEW_NOTE:
        return Finding("ok", "clock", "agrees with the server's")
    where = "behind" if skew > 0 else "ahead of"
    text = f"this machine's is {abs(skew):.0f} s {where} the server's: set it, tokens fail from 60 s on"
    return Finding("PROBLEM" if abs(skew) > SKEW_LIMIT else "note", "clock", text)
