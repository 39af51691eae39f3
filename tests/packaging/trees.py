"""Directory trees for tests, written from a mapping of names to content."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path

from tui.packaging.tarball import Tarball


def grow(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below `root`; a name ending in `/` is an empty directory."""
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def members(tarball: Tarball) -> dict[str, tarfile.TarInfo]:
    """What is really in the archive."""
    with tarfile.open(tarball.path, "r:gz") as archive:
        return {
            info.name + ("/" if info.isdir() and not info.name.endswith("/") else ""): info
            for info in archive
        }
