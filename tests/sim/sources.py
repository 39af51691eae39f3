"""Source tarballs for uploads."""

from __future__ import annotations

import io
import tarfile

AGENT = b'from livekit import agents\nagents.cli.run_app(agents.WorkerOptions(entry, agent_name="hello"))\n'


def tarball(**files: bytes) -> bytes:
    """A gzipped tarball; `_` in a name stands for a dot. Without names: a small agent with a Dockerfile."""
    content = {name.replace("_", "."): data for name, data in files.items()} or {
        "Dockerfile": b"FROM scratch\n",
        "src/agent.py": AGENT,
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
