"""Checks that a project's LiveKit SDK is new enough for the service (PROTOCOL.md, Builds). Sends nothing.

A resolved version in a lock file counts before a requirement. Unlike `lk` it also reads Pipfile.lock, the
present form of package-lock.json, the newer lock file of Yarn, and files that requirements.txt includes.
Requirements are parsed here: the library `packaging` refuses forms that `lk` reads, such as `>=1.2.x`, knows
lines and no files, and takes 35 ms to import.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.api.text.clean import clean
from tui.packaging.detect import ProjectType
from tui.packaging.errors import ProjectError, SdkRefused
from tui.packaging.files import NotReadable, read_file, refuse_utf16, shown

PYTHON: Final = "livekit-agents"
NODE: Final = "@livekit/agents"

_NEWEST: Final = frozenset({"", "*", "latest", "next"})
"""Versions that mean the newest one."""
_HIGHEST: Final = 1 << 30
_VERSION: Final = re.compile(r"v?(\d+)(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?")
_REQUIREMENT: Final = re.compile(
    r"livekit[-_.]agents\s*(?:\[[^\]]*\])?\s*\(?(?P<rest>[@=~><!].*)?", re.IGNORECASE | re.DOTALL
)
_INCLUDE: Final = re.compile(r"\s*(?:-r|--requirement)[\s=]*([^\s#]+)")
_MOST_INCLUDES: Final = 20


@dataclass(frozen=True, slots=True)
class SdkCheck:
    """The SDK version of a project and the service's minimum."""

    package: str
    version: str
    """As it is written in the project; `latest` without a version."""
    file: str
    minimum: str
    warnings: tuple[str, ...] = ()
    """Files that could not be read and were passed over, one line each."""


def check_sdk(root: Path, kind: ProjectType, settings: Mapping[str, str]) -> SdkCheck:
    """The SDK of the project. Raises `SdkRefused` if it is older than the service's settings allow, or is not
    found, and `ProjectError` where the settings do not serve to judge it.
    """
    minimums = [settings.get(f"{language}-min-sdk-version", "").strip() for language in ("python", "node")]
    if not all(minimums):
        raise ProjectError(
            "the service did not say which SDK versions it takes; nothing was sent, try again later"
        )
    package, minimum = (PYTHON, minimums[0]) if kind.is_python else (NODE, minimums[1])
    floor = _numbers(minimum)
    if floor is None:
        raise ProjectError(f"the service asks for an unreadable SDK version: {clean(minimum, limit=40)}")
    unread: list[str] = []
    for file, read in _PYTHON_FILES if kind.is_python else _NODE_FILES:
        written = _version_in(root / file, read, unread)
        if written is None:
            continue
        found = _numbers(written)
        # a pre-release of the minimum counts as the minimum
        if written not in _NEWEST and found is not None and found < floor:
            raise SdkRefused(
                f"{package} {clean(written, limit=40)} in {file} is too old, the service takes"
                f" {clean(minimum, limit=40)} and newer; nothing was sent"
            )
        if written in _NEWEST or found is not None:
            return SdkCheck(package, written or "latest", file, minimum, tuple(unread))
    why = f" ({'; '.join(unread)})" if unread else ""
    raise SdkRefused(f"{package} is in none of the project's files{why}: is this an agent? nothing was sent")


def _numbers(version: str) -> tuple[int, int, int] | None:
    """Major, minor and patch, missing ones zero and wildcards high; None if it is not a version."""
    found = _VERSION.match(version.lstrip("=~><!^ \"'"))
    if found is None:
        return None
    minor, patch = (_HIGHEST if part in ("x", "X", "*") else int(part or 0) for part in found.groups()[1:])
    return int(found[1]), minor, patch


def _version_in(path: Path, read: Callable[[str], str | None], unread: list[str]) -> str | None:
    """The version in a file; None if it is missing or names none, as another file may.

    A file that cannot be read is told in `unread`.
    """
    try:
        return read(_with_includes(path, unread) if read is _requirements else _text(path))
    except FileNotFoundError:
        return None
    except NotReadable as error:
        unread.append(f"{shown(path.name)} cannot be read: {error}")
    except (ValueError, RecursionError):
        unread.append(f"{shown(path.name)} cannot be read: it is not valid")
    return None


def _text(path: Path) -> str:
    """The text of a file. Comments may be in any encoding. Raises `FileNotFoundError` and `NotReadable`."""
    data = read_file(path).data
    refuse_utf16(data)
    return data.decode("utf-8-sig", "replace")


def _with_includes(path: Path, unread: list[str]) -> str:
    """A requirements file with the files of its project that it includes (`-r FILE`) in their places.

    Continued lines are joined. Raises `FileNotFoundError` and `NotReadable` for the first file; others are
    told in `unread`.
    """
    root, read = path.parent.resolve(), set[Path]()

    def lines(file: Path) -> Iterator[str]:
        read.add(file.resolve())
        for line in _text(file).replace("\\\n", " ").replace("\\\r\n", " ").splitlines():
            found = _INCLUDE.match(line)
            if found is None:
                yield line
                continue
            included = (file.parent / found[1]).resolve()
            if included in read or not included.is_relative_to(root) or len(read) >= _MOST_INCLUDES:
                continue
            try:
                yield from lines(included)
            except FileNotFoundError:
                unread.append(f"{shown(found[1])}, which {shown(file.name)} includes, is not there")
            except NotReadable as error:
                unread.append(f"{shown(found[1])} cannot be read: {error}")

    return "\n".join(lines(path))


def _requirement(line: str) -> str | None:
    """The minimum version of a requirement: `>=1.2` of `livekit-agents[openai]>=1.2,<2`."""
    text = line.partition("#")[0].partition(";")[0].partition(" --")[0]
    found = _REQUIREMENT.fullmatch(text.strip())
    if found is None:
        return None
    rest = found["rest"] or ""
    parts = [] if rest.startswith("@") else [re.sub(r"[\s)]+", "", part) for part in rest.split(",")]
    return next((part for part in parts if part.startswith(("=", "~", ">"))), "latest")


def _requirements(text: str) -> str | None:
    return _first(_requirement(line) for line in text.splitlines())


def _pyproject(text: str) -> str | None:
    lines = _at(tomllib.loads(text), "project", "dependencies")
    return (
        _first(_requirement(line) for line in lines if isinstance(line, str))
        if isinstance(lines, list)
        else None
    )


def _pipfile(text: str) -> str | None:
    return _version_of(_at(tomllib.loads(text), "packages", PYTHON))


def _pipfile_lock(text: str) -> str | None:
    return _version_of(_at(json.loads(text), "default", PYTHON))


def _setup(text: str) -> str | None:
    """The first requirement in quotes or on a line of its own, in a program or a configuration."""
    lines = (line.strip(" \t,") for line in re.split(r"[\n\"']", text))
    return _first(_requirement(line) for line in lines)


def _toml_lock(text: str) -> str | None:
    packages = tomllib.loads(text).get("package", [])
    found = (package for package in packages if isinstance(package, dict) and package.get("name") == PYTHON)
    return _first(_version_of(package) for package in found)


def _package_json(text: str) -> str | None:
    kinds = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
    document = json.loads(text)
    written = _first(_version_of(_at(document, kind, NODE)) for kind in kinds)
    # a workspace, a file or a repository has no version here
    return "latest" if written and ":" in written else written


def _package_lock(text: str) -> str | None:
    document = json.loads(text)
    old, new = _at(document, "dependencies", NODE), _at(document, "packages", f"node_modules/{NODE}")
    return _version_of(new) or _version_of(old)


def _yarn_lock(text: str) -> str | None:
    found = re.search(rf'^"?{NODE}@[^\n]*:\n\s+version:?\s+"?([^"\s]+)', text, re.MULTILINE)
    return found and found[1]


def _pnpm_lock(text: str) -> str | None:
    found = re.search(rf"^\s*['\"]?/?{NODE}@(\d[^:'\"(\s]*)", text, re.MULTILINE)
    return found and found[1]


def _first(versions: Iterable[str | None]) -> str | None:
    return next((version for version in versions if version is not None), None)


def _at(document: object, *keys: str) -> object:
    """The value under nested keys; None if there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _version_of(entry: object) -> str | None:
    """The version of an entry that is a version or a table with one."""
    version = entry.get("version") if isinstance(entry, dict) else entry
    return version if isinstance(version, str) else None


_PYTHON_FILES: Final = (
    ("poetry.lock", _toml_lock),
    ("uv.lock", _toml_lock),
    ("Pipfile.lock", _pipfile_lock),
    ("requirements.lock", _requirements),
    ("pyproject.toml", _pyproject),
    ("requirements.txt", _requirements),
    ("Pipfile", _pipfile),
    ("setup.py", _setup),
    ("setup.cfg", _setup),
)
"""In order of priority."""
_NODE_FILES: Final = (
    ("package-lock.json", _package_lock),
    ("yarn.lock", _yarn_lock),
    ("pnpm-lock.yaml", _pnpm_lock),
    ("package.json", _package_json),
)
