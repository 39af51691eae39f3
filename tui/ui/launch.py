"""Everything that the screen is told when it starts: made by the command line, read by nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.project import Project
from tui.ui.terminal.detect import Terminal


@dataclass(frozen=True)
class Launch:
    """How to start."""

    project: Project | None
    """None: let the operator choose among `projects`."""
    projects: tuple[Project, ...]
    terminal: Terminal
    state_dir: Path
    """Where copies, screenshots, journal and spools go."""
    working_dir: Path
    refresh: float = 2.0
    """Seconds between polls of the agent list."""
    theme: str = ""
    """Empty lets the terminal decide."""
    theme_dirs: tuple[Path, ...] = ()
    agent_id: str = ""
    """The agent that livekit.toml names: the cursor starts there."""
    low_bandwidth: bool = False
    mouse: bool = True
    ascii_only: bool = False
    log_mib: float = 64.0
    """MiB of received log lines that are held per source."""
    log_days: float = 0.0
    """Days for which they stay on disk; 0 removes them on exit."""
    notices: tuple[str, ...] = ()
