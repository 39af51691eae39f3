"""Reads flags, environment and configuration files; nothing else does. Knows no API and no screen."""

from tui.config.files import ConfigError
from tui.config.places import Places, StateDir, state_dir
from tui.config.settings import REFRESH_RANGE, Flags, Settings, load, load_for

__all__ = [
    "REFRESH_RANGE",
    "ConfigError",
    "Flags",
    "Places",
    "Settings",
    "StateDir",
    "load",
    "load_for",
    "state_dir",
]
