"""Reads, checks and masks secrets that are to be sent to an agent (PROTOCOL.md, Secrets). Sends nothing.

Values are held as `Secret` from the moment they are read. No error, warning or `repr` holds a part of one.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from tui.api.models import RESERVED_SECRETS
from tui.api.text.clean import clean
from tui.packaging import dotenv
from tui.packaging.errors import SecretsError
from tui.packaging.files import BOM, Content, NotReadable, read_file, refuse_utf16, shown
from tui.secret import Secret

ENV_FILES: Final = (".env.production", ".env", ".env.staging", ".env.development", ".env.local", ".env.test")
"""Secrets files by priority."""
MOUNT_LIMIT: Final = 1 << 20
"""Bytes of a file secret."""
FILE_LIMIT: Final = 4 << 20
"""Largest secrets file, bytes."""
NAME_LIMIT: Final = 70
"""Characters of a name, as documented for environment secrets."""
VALUE_LIMIT: Final = 16 * 1024
"""Bytes of a value, as documented for environment secrets."""

Empty = Literal["refuse", "skip"]
"""What to do with a name without a value."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNED: Final = re.compile(r"\s*(?:export\s+)?[A-Z][A-Z0-9_]+=")
"""The beginning of an assignment in a `.env` file."""


class SecretToSend(Struct, frozen=True):
    """One secret to send."""

    name: str
    """The variable's name, or the base name of a file."""
    value: Secret
    is_file: bool = False
    """Whether it is mounted as a file under `/etc/secrets/` and not set in the environment."""
    origin: str = ""
    """Where it was read, for display: `.env line 3`; empty if it was typed."""

    @property
    def fingerprint(self) -> Fingerprint:
        """The part of the value that may be shown."""
        return fingerprint(self.value)


class Fingerprint(Struct, frozen=True):
    """Facts by which a value can be recognised; no part of it."""

    size: int
    """Bytes."""
    lines: int
    digest: str
    """The first eight hex digits of its SHA-256."""

    def __str__(self) -> str:
        lines = f", {self.lines} lines" if self.lines > 1 else ""
        return f"{self.size:,} bytes{lines}, sha256 {self.digest}"


class RejectedSecret(Struct, frozen=True):
    """A name that is not sent, and why."""

    name: str
    origin: str
    reason: str


class SecretSet(Struct, frozen=True):
    """Secrets that are sent, and names that are not."""

    secrets: tuple[SecretToSend, ...] = ()
    """One for each name, in order of first appearance."""
    refused: tuple[RejectedSecret, ...] = ()
    warnings: tuple[str, ...] = ()
    """One line each, fit for display."""


def fingerprint(value: Secret) -> Fingerprint:
    """Size, lines and digest of a value."""
    data = value.reveal().encode("utf-8", "surrogateescape")
    lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    return Fingerprint(len(data), lines, hashlib.sha256(data).hexdigest()[:8])


def find_env_files(root: Path) -> tuple[Path, ...]:
    """The secrets files of a project, the likeliest first. `lk` looks in the current directory."""
    return tuple(root / name for name in ENV_FILES if (root / name).is_file())


def parse_text(text: str, origin: str = "") -> SecretSet:
    """The secrets of a pasted text in `.env` format, empty ones included. Raises `SecretsError`."""
    try:
        found = dotenv.parse(text)
    except SecretsError as error:
        raise SecretsError(f"{origin or 'the text'}, {error}; nothing was sent") from None
    warnings: list[str] = []
    by_name: dict[str, SecretToSend] = {}
    for one in found:
        place = f"{origin} line {one.line}".lstrip()
        if not one.name:
            raise SecretsError(f"{place}: a value without a name, an = is missing; nothing was sent")
        if one.name in by_name:
            warnings.append(f"{shown(one.name)} is given twice, {place} counts")
        warnings.extend(f"{shown(one.name)} ({place}): {warning}" for warning in one.warnings)
        by_name[one.name] = SecretToSend(one.name, one.value, origin=place)
    return SecretSet(tuple(by_name.values()), warnings=tuple(warnings))


def read_env_file(path: Path) -> SecretSet:
    """The secrets of a `.env` file, empty ones included. Raises `SecretsError`."""
    content = _read(path, FILE_LIMIT)
    try:
        refuse_utf16(content.data)
        text = content.data.decode("utf-8-sig")
    except NotReadable as error:
        raise SecretsError(f"cannot read {shown(path)}: {error}; nothing was sent") from None
    except UnicodeDecodeError as error:
        line = content.data.count(b"\n", 0, error.start) + 1
        raise SecretsError(f"{shown(path)} line {line} is not UTF-8; nothing was sent") from None
    read = parse_text(text, origin=shown(path.name))
    return SecretSet(read.secrets, warnings=(*_safety(path, content), *read.warnings))


def read_mount(path: Path) -> SecretToSend:
    """A file to mount under its base name, with any content. Raises `SecretsError`."""
    content = _read(path, MOUNT_LIMIT)
    value = Secret(content.data.decode("utf-8", "surrogateescape"))
    return SecretToSend(path.name, value, is_file=True, origin=shown(path))


def collect(
    *,
    mounts: Iterable[Path] = (),
    typed: Iterable[SecretToSend] = (),
    file: Path | None = None,
    empty: Empty = "refuse",
) -> SecretSet:
    """All given secrets as one set. Raises `SecretsError`.

    A typed value overrides a mount of the same name, and a secrets file adds only names that are not given.
    Reserved names are skipped with a reason; empty values are an error or skipped, as `empty` says.
    """
    chosen: dict[str, SecretToSend] = {}
    for mount in (read_mount(path) for path in mounts):
        if mount.name in chosen:
            raise SecretsError(f"two mounts would have the name {shown(mount.name)}; nothing was sent")
        chosen[mount.name] = mount
    chosen |= {one.name: one for one in typed}
    read = read_env_file(file) if file is not None else SecretSet()
    for one in read.secrets:
        chosen.setdefault(one.name, one)
    refused: list[RejectedSecret] = []
    warnings = list(read.warnings)
    kept: list[SecretToSend] = []
    for one in chosen.values():
        if reason := _left_out(one, empty):
            refused.append(RejectedSecret(one.name, one.origin, reason))
        else:
            warnings.extend(judge(one))
            kept.append(one)
    return SecretSet(tuple(kept), tuple(refused), tuple(warnings))


def judge(secret: SecretToSend) -> tuple[str, ...]:
    """Warnings about a secret: documented limits and likely copying errors; no part of it is shown.

    It is not known where the limits are enforced, hence warnings. Raises `SecretsError` if it cannot be sent.
    """
    name, where = secret.name, f" ({secret.origin})" if secret.origin else ""
    label = f"{shown(name) or 'a secret without a name'}{where}"
    if not name or not name.isprintable() or (not secret.is_file and re.search(r"[\s=]", name)):
        raise SecretsError(f"{label} cannot be the name of a secret; nothing was sent")
    if secret.is_file:
        return ()
    value = secret.value.reveal()
    if "\0" in value:
        raise SecretsError(f"{label} holds a NUL, which no environment variable can; nothing was sent")
    found = []
    if not _NAME.fullmatch(name):
        found.append(f"{label}: a name should have only letters, digits and _, and not begin with a digit")
    if len(name) > NAME_LIMIT:
        found.append(f"{label}: a name should have at most {NAME_LIMIT} characters, this has {len(name)}")
    if (size := secret.fingerprint.size) > VALUE_LIMIT:
        found.append(f"{label}: a value should have at most {VALUE_LIMIT:,} bytes, this has {size:,}")
    if _ASSIGNED.match(value):
        found.append(f"{label}: the value begins like NAME=, is it a whole line of a file?")
    if value != value.strip() and "\n" not in value.strip():
        found.append(f"{label}: the value begins or ends with a line break or a space, are they part of it?")
    return tuple(found)


def _left_out(secret: SecretToSend, empty: Empty) -> str:
    """Why a secret is not sent; empty if it is."""
    if secret.name in RESERVED_SECRETS and not secret.is_file:
        return "the service sets it itself"
    if secret.value or secret.is_file:
        return ""
    if empty == "skip":
        return "it is empty"
    where = f" ({secret.origin})" if secret.origin else ""
    raise SecretsError(
        f"{shown(secret.name)}{where} is empty: give it a value or skip empty ones; nothing was sent"
    )


def _read(path: Path, limit: int) -> Content:
    try:
        content = read_file(path, limit=limit)
    except FileNotFoundError:
        raise SecretsError(f"{shown(path)} does not exist; nothing was sent") from None
    except NotReadable as error:
        raise SecretsError(f"cannot read {shown(path)}: {error}; nothing was sent") from None
    if content.owner not in (0, os.geteuid()):
        raise SecretsError(f"{shown(path)} belongs to another user (uid {content.owner}); nothing was sent")
    if content.mode & 0o002:
        raise SecretsError(f"anyone may write {shown(path)}, run chmod 600 on it; nothing was sent")
    return content


def _safety(path: Path, content: Content) -> Iterable[str]:
    if content.data.startswith(BOM):
        yield f"{shown(path.name)} begins with a byte order mark, which is skipped; lk refuses such a file"
    if path.is_symlink():
        yield f"{shown(path.name)} is a link to {shown(os.path.realpath(path))}"
    if content.mode & 0o077:
        yield f"other users may read {shown(path.name)}: chmod 600 {clean(str(path), limit=200)}"
