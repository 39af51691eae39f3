"""Presigned uploads of sources, and what really arrived (PROTOCOL.md, Uploads)."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from livekit.protocol import cloud_agent as pb

from tui.sim.http import request_url
from tui.sim.world.world import World

UNPACKED_LIMIT = 256 * 1024 * 1024
"""Bytes that a tarball may unpack to, headers included: more is a decompression bomb."""
SOURCE_LIMIT = 1024 * 1024
"""Bytes of a Python file that are searched for the name it registers with."""
MEMBERS_LIMIT = 20_000
CHUNK = 1024 * 1024
"""Bytes unzipped at a time."""
BOMB = "the tarball unpacks to more than the simulator takes"
TOO_LARGE = "Your proposed upload exceeds the maximum allowed size."
"""What the real store is documented to say."""


class BadUpload(ValueError):
    """An upload that is refused; the text says why."""


@dataclass
class Upload:
    """One presigned upload, offered and perhaps used."""

    token: str
    url: str
    key: str
    agent_id: str
    deployment: str
    tag: str
    attributes: dict[str, str]
    files: list[str] = field(default_factory=list)
    """Names in the tarball, in its order."""
    has_dockerfile: bool = False
    """Whether the source has a Dockerfile."""
    size: int = 0
    """Bytes received."""
    sha256: str = ""
    """Of the bytes received; empty before that."""
    dispatch_name: str = ""
    """The `agent_name` that the source registers with, if it can be read from it."""

    def form(self) -> pb.PresignedPostRequest:
        """The upload as a form to post."""
        return pb.PresignedPostRequest(
            url=self.url, values={"key": self.key, "policy": "eyJwcmFjdGljZSI6dHJ1ZX0=", "x-sig": self.token}
        )


class Uploads:
    """Every upload that was offered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.base_url = ""
        """Where this server listens; known once it does."""
        self.offered: dict[str, Upload] = {}

    @property
    def limit(self) -> int:
        """Largest tarball, bytes."""
        return self._world.switches.upload_limit

    def offer(self, agent_id: str, deployment: str, tag: str, attributes: dict[str, str]) -> Upload:
        """A new presigned upload."""
        token = self._world.guid("up_")
        url = f"{request_url.base_url(self.base_url)}/_upload/{token}"
        upload = Upload(token, url, f"{agent_id}/{tag}.tar.gz", agent_id, deployment, tag, attributes)
        self.offered[token] = upload
        return upload

    def latest(self, agent_id: str, deployment: str) -> Upload | None:
        """The last upload offered for a deployment."""
        fitting = [u for u in self.offered.values() if (u.agent_id, u.deployment) == (agent_id, deployment)]
        return fitting[-1] if fitting else None

    def receive(self, upload: Upload, data: bytes) -> None:
        """Take a tarball; raises BadUpload."""
        if len(data) > self.limit:
            raise BadUpload(TOO_LARGE)
        source = _unpacked(data)
        upload.files, upload.has_dockerfile = source.names, source.has_dockerfile
        upload.dispatch_name = source.dispatch_name
        upload.size, upload.sha256 = len(data), hashlib.sha256(data).hexdigest()
        self._world.effect(
            "Upload",
            agent_id=upload.agent_id,
            key=upload.key,
            files=len(source.names),
            sha256=upload.sha256,
        )


@dataclass
class Source:
    """The content of a tarball."""

    names: list[str] = field(default_factory=list)
    has_dockerfile: bool = False
    dispatch_name: str = ""


class Unzipped(gzip.GzipFile):
    """The content of a gzip file; refuses more than `UNPACKED_LIMIT`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(fileobj=io.BytesIO(data))
        self._left = UNPACKED_LIMIT

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; raises BadUpload."""
        piece = super().read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise BadUpload(BOMB)
        return piece


def _unpacked(data: bytes) -> Source:
    """What is in a tarball; raises BadUpload. Nothing is written anywhere."""
    source = Source()
    try:
        with tarfile.open(fileobj=Unzipped(data), mode="r|", bufsize=CHUNK) as archive:
            for member in archive:
                if len(source.names) >= MEMBERS_LIMIT:
                    raise BadUpload(BOMB)
                _note(source, archive, member)
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, OverflowError) as error:
        if isinstance(error, BadUpload):
            raise
        raise BadUpload("the upload is not a gzipped tarball") from None
    return source


def _note(source: Source, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """Read one entry of a tarball; raises BadUpload."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise BadUpload(f"the tarball reaches out of its folder: {member.name[:200]}")
    source.names.append(member.name)
    if not member.isfile():
        return
    source.has_dockerfile = source.has_dockerfile or str(path) == "Dockerfile"
    if path.suffix == ".py" and not source.dispatch_name:
        content = archive.extractfile(member)
        source.dispatch_name = _registered_name(content.read(SOURCE_LIMIT) if content is not None else b"")


def _registered_name(source: bytes) -> str:
    """The name in `agent_name="…"`, or empty."""
    _, found, rest = source.partition(b"agent_name")
    rest = rest.lstrip(b" =:")
    quote = rest[:1]
    if not found or quote not in (b'"', b"'"):
        return ""
    return rest[1:].split(quote)[0].decode(errors="replace")[:128]
