"""Paths of files: the XDG directories, and the fallback for a read-only home directory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui import privatefile
from tui.config.files import ConfigError


@dataclass(frozen=True)
class Places:
    """The paths of one environment. Creates nothing."""

    home: Path
    """The home directory."""
    config: Path
    """Our own configuration file."""
    lk: Path
    """The project list of LiveKit's own `lk`; no variable moves it."""
    state: Path
    """Where journal, spool and saved views belong."""
    runtime: Path | None
    """The session's own volatile directory, where there is one."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Places:
        """Read HOME and XDG_*; a relative XDG path is ignored, as its specification asks."""
        home = Path(environ.get("HOME") or os.path.expanduser("~"))
        config = _absolute(environ.get("XDG_CONFIG_HOME")) or home / ".config"
        state = _absolute(environ.get("XDG_STATE_HOME")) or home / ".local" / "state"
        runtime = _absolute(environ.get("XDG_RUNTIME_DIR"))
        return cls(
            home=home,
            config=config / "lktop" / "config.toml",
            lk=home / ".livekit" / "cli-config.yaml",
            state=state / "lktop",
            runtime=runtime / "lktop" if runtime else None,
        )

    def show(self, path: Path) -> str:
        """`path` for messages, with `~` for the home directory."""
        if path.is_relative_to(self.home):
            return str(Path("~") / path.relative_to(self.home))
        return str(path)


@dataclass(frozen=True)
class StateDir:
    """A private directory, mode 0700."""

    path: Path
    notice: str = ""
    """Why it is not the default one; empty if it is."""


def _absolute(text: str | None) -> Path | None:
    return Path(text) if text and os.path.isabs(text) else None


def state_dir(environ: Mapping[str, str]) -> StateDir:
    """Create the state directory; with a read-only home, a volatile one with a notice.

    Raises ConfigError when not even a temporary directory can be made.
    """
    places = Places.of(environ)
    try:
        return StateDir(_private(places.state))
    except OSError as error:
        why = error.strerror or str(error)
    where = _runtime_dir(places) or _temporary()
    notice = f"{places.show(places.state)}: {why}; the journal lasts only until reboot, in {where}"
    return StateDir(where, notice)


def _runtime_dir(places: Places) -> Path | None:
    try:
        return _private(places.runtime) if places.runtime else None
    except OSError:
        return None


def _temporary() -> Path:
    """A new directory with an unpredictable name."""
    try:
        return Path(tempfile.mkdtemp(prefix="lktop-"))
    except OSError as error:
        raise ConfigError(
            f"no directory can be written, not even a temporary one: {error.strerror}"
        ) from None


def _private(path: Path) -> Path:
    """Make `path` a private directory, mode 0700; raises OSError, also for a link or another owner."""
    privatefile.private_folder(path)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(0, "cannot be written")
    return path
