"""What keeps every test still: no environment of the operator's, no home directory, one event loop kind."""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing: the machine may be busy."""
settings.register_profile("random", BUSY)
settings.register_profile("still", BUSY, derandomize=True)
settings.load_profile("still")  # the same examples each time; `--hypothesis-profile=random` looks for others

_LEAKS = ("NO_COLOR", "COLORTERM", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "LK_AGENTS_URL")
REPORT = "TEXTUAL_SNAPSHOT_TEMPDIR"
"""Where pytest-textual-snapshot collects what its report is made of."""
_COUNT = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """The report of pictures that differ lies outside of the checkout, unless another place is asked for."""
    if config.option.snapshot_report == "snapshot_report.html":
        config.option.snapshot_report = str(Path(tempfile.gettempdir()) / "lktop-snapshots.html")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits is begun first: others run beside it, and nobody waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_collection_finish() -> None:
    """What has been imported stays: the collector is not to look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: many tests wait for a terminal or a socket."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, the loop that the program uses."""
    return "asyncio"


@pytest.fixture(autouse=True)
def still_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hide the operator's environment and home from the code under test; returns the empty home."""
    for name in list(os.environ):
        if name != REPORT and (name in _LEAKS or name.startswith(("LIVEKIT_", "LKTOP_", "TEXTUAL", "XDG_"))):
            monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / f"home{next(_COUNT)}"  # mktemp looks through all there are
    home.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    return home
