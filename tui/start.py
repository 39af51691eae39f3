"""From settings to the screen: the one place where configuration is put into the screen's own types."""

from __future__ import annotations

import os
import sys

from tui.config import Project, Settings
from tui.project import Target
from tui.ui.app import run
from tui.ui.launch import Launch
from tui.ui.terminal import detect


def show(settings: Settings) -> int:
    """Show the screen until it is left; the exit status."""
    return run(_launch(settings))


def _launch(settings: Settings) -> Launch:
    """What the screen needs of the settings, in its own types."""
    return Launch(
        target=_target(settings.project) if settings.project else None,
        targets=tuple(map(_target, settings.projects)),
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
        mouse=settings.mouse,
        ascii_only=settings.ascii,
        notices=settings.notices,
    )


def _target(project: Project) -> Target:
    return Target(
        name=project.name,
        url=project.url,
        agents_url=project.agents_url,
        api_key=project.api_key,
        api_secret=project.api_secret,
        source=project.source,
        read_only=project.read_only,
        danger=project.danger,
        ca_file=project.ca_file,
        proxy=project.proxy,
        requests_per_minute=project.requests_per_minute,
        theme=project.theme,
    )
