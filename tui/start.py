"""Starts the screen with the settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui.config import Settings
from tui.replay import watched
from tui.ui.app import run
from tui.ui.launch import Launch
from tui.ui.terminal import detect


def show(settings: Settings) -> int:
    """Show the screen; returns the exit status."""
    return run(_launch(settings))


def show_recording(settings: Settings, path: Path, at: float) -> int:
    """Show a recording from this moment on, Unix seconds; returns the exit status."""
    return run(_launch(settings), connect=lambda project: watched(project, path), at=at)


def _launch(settings: Settings) -> Launch:
    """The settings in the types of the screen."""
    return Launch(
        project=settings.project,
        projects=tuple(settings.projects),
        terminal=detect.detect(os.environ, sys.__stdin__, sys.__stderr__, detect.run_quietly),
        state_dir=settings.state_dir,
        working_dir=settings.working_dir,
        refresh=settings.refresh,
        theme=settings.theme,
        theme_dirs=(settings.config_file.parent / "themes",),
        agent_id=settings.agent_id,
        low_bandwidth=settings.low_bandwidth,
        log_mib=settings.log_mib,
        log_days=settings.log_days,
        log_suspects=settings.log_suspects,
        history_dir=settings.history_dir or settings.state_dir / "history",
        record=settings.record,
        mouse=settings.mouse,
        ascii_only=settings.ascii,
        notices=settings.notices,
    )
