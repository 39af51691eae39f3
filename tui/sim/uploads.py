"""Where sources are uploaded to: presigned addresses, and what really arrived there (contract.md §4.3)."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass, field

from livekit.protocol import cloud_agent as pb

from .world import World

UNPACKED_LIMIT = 256 * 1024 * 1024
"""Bytes that a tarball may unpack to: more is a bomb."""
MEMBERS_LIMIT = 100_000
TOO_LARGE = "Your proposed upload exceeds the maximum allowed size."
"""What the real store is documented to say (contract.md §3.11)."""


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
    size: int = 0
    """Bytes received."""
    sha256: str = ""
    """Of the bytes received; empty while nothing was."""
    dispatch_name: str = ""
    """The `agent_name` that the source registers with, if it can be read from it."""

    @property
    def has_dockerfile(self) -> bool:
        """Whether the source says how to build it."""
        return "Dockerfile" in self.files

    def form(self) -> pb.PresignedPostRequest:
        """The upload as a form to post (contract.md §3.3)."""
        return pb.PresignedPostRequest(
            url=self.url, values={"key": self.key, "policy": "eyJwcmFjdGljZSI6dHJ1ZX0=", "x-sig": self.token}
        )


class Uploads:
    """Every upload that was offered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.base_url = ""
        """Where this server is reached; known once it listens."""
        self.offered: dict[str, Upload] = {}

    @property
    def limit(self) -> int:
        """Largest tarball, bytes."""
        return self._world.switches.upload_limit

    def offer(self, agent_id: str, deployment: str, tag: str, attributes: dict[str, str]) -> Upload:
        """A new place to upload to."""
        token = self._world.guid("up_")
        url = f"{self.base_url}/_upload/{token}"
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
        files, name = _unpacked(data)
        upload.files, upload.size, upload.sha256 = files, len(data), hashlib.sha256(data).hexdigest()
        upload.dispatch_name = name
        self._world.effect(
            "Upload", agent_id=upload.agent_id, key=upload.key, files=len(files), sha256=upload.sha256
        )


def _unpacked(data: bytes) -> tuple[list[str], str]:
    """The names in a tarball and the dispatch name found in its Python sources; raises BadUpload.

    Nothing is written anywhere, and sizes are counted before content is read.
    """
    names: list[str] = []
    dispatch_name, total = "", 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                total += member.size
                if total > UNPACKED_LIMIT or len(names) >= MEMBERS_LIMIT:
                    raise BadUpload("the tarball unpacks to more than the simulator takes")
                names.append(member.name)
                if member.isfile() and member.name.endswith(".py") and not dispatch_name:
                    content = archive.extractfile(member)
                    dispatch_name = _registered_name(content.read() if content is not None else b"")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        if isinstance(error, BadUpload):
            raise
        raise BadUpload("the upload is not a gzipped tarball") from None
    return names, dispatch_name


def _registered_name(source: bytes) -> str:
    """The name in `agent_name="…"`, or empty."""
    _, found, rest = source.partition(b"agent_name")
    rest = rest.lstrip(b" =:")
    quote = rest[:1]
    if not found or quote not in (b'"', b"'"):
        return ""
    return rest[1:].split(quote)[0].decode(errors="replace")[:128]
