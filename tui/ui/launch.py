"""What the application is started with. Made by the command line from settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.project import Project
from tui.record_options import RecordOptions
from tui.ui.terminal.detect import Terminal


@dataclass(frozen=True)
class Launch:
    """The arguments of the application."""

    project: Project | None
    """The project to watch; None lets the operator choose among `projects`."""
    projects: tuple[Project, ...]
    terminal: Terminal
    state_dir: Path
    """Where copies, screenshots, the journal and log spools are written."""
    working_dir: Path
    refresh: float = 2.0
    """Seconds between polls of the agent list."""
    theme: str = ""
    """Name of a theme; empty for the one that fits the terminal."""
    theme_dirs: tuple[Path, ...] = ()
    agent_id: str = ""
    """The agent that livekit.toml names: the cursor starts there."""
    low_bandwidth: bool = False
    mouse: bool = True
    ascii_only: bool = False
    log_mib: float = 64.0
    """MiB of received log lines kept per source."""
    log_days: float = 0.0
    """Days for which log lines stay on disk; 0 removes them on exit."""
    log_suspects: bool = True
    """The logs of agents that break are looked into, though nobody has opened them."""
    history_dir: Path | None = None
    """Where the history of projects is kept."""
    record: RecordOptions | None = None
    """What is kept of it; None if nothing is."""
    notices: tuple[str, ...] = ()
