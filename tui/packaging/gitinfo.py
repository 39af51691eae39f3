"""The git attributes of a version, as `lk` adds them (PROTOCOL.md, Versions and deployments).

Git runs with a restricted environment and without anything that the repository configures. Its index and
objects are not changed. Without git, or outside a repository, there are no attributes and no error.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.api.text.clean import clean
from tui.packaging.files import reason

TIMEOUT: Final = 20.0
"""Seconds for each command; hashing a large working tree takes the longest."""
_PASSED_ON: Final = ("PATH", "HOME", "XDG_CONFIG_HOME")
"""Environment variables that git gets: paths, and which repositories are trusted."""
_CALM: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
_OUTPUT_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class GitInfo:
    """The state of a working tree. Unknown values are empty."""

    commit: str = ""
    """The commit checked out, abbreviated."""
    branch: str = ""
    """Empty for a detached head."""
    dirty: bool = False
    """Whether anything is changed or untracked, so that no commit describes what is deployed."""
    tree: str = ""
    """Abbreviated hash of the files; only for a dirty tree."""
    note: str = ""
    """Why git failed, in one line for display."""


async def read_git(root: Path, environment: Mapping[str, str], *, timeout: float = TIMEOUT) -> GitInfo | None:
    """The state of the working tree that `root` is in; None outside of one or without git."""
    git = _Git(root, environment, timeout)
    try:
        if await git.ask("rev-parse", "--is-inside-work-tree") != "true":
            return None
    except _Silent as silence:
        note = str(silence)
        return GitInfo(note=note) if "dubious ownership" in note else None
    dirty = bool(await git.tell("status", "--porcelain"))
    branch = await git.tell("rev-parse", "--abbrev-ref", "HEAD")
    commit = await git.tell("log", "-1", "--pretty=format:%h")
    tree = await _tree(git) if dirty else ""
    return GitInfo(commit, "" if branch == "HEAD" else branch, dirty, tree, git.note)


def version_attributes(git: GitInfo | None, given: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a version: the given ones, and git's for names that are not given.

    With a given commit no tree is added, which would contradict it.
    """
    found: dict[str, str] = {}
    if git is not None:
        found = {"git_commit": git.commit, "git_branch": git.branch}
        if "git_commit" not in given:
            found["git_tree"] = git.tree
    return {name: value for name, value in found.items() if value} | dict(given)


class _Silent(Exception):
    """Git failed. The text says why."""


class _Git:
    def __init__(self, root: Path, environment: Mapping[str, str], timeout: float) -> None:
        self._root, self._timeout = root, timeout
        self._environment = {name: environment[name] for name in _PASSED_ON if name in environment}
        self._environment |= {
            "LC_ALL": "C",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_PAGER": "cat",
        }
        self.note = ""
        """The first error."""

    async def tell(self, *arguments: str) -> str:
        """The answer, empty if there is none."""
        try:
            return await self.ask(*arguments)
        except _Silent as silence:
            self.note = self.note or str(silence)
            return ""

    async def ask(self, *arguments: str, **environment: str) -> str:
        """The answer without white space around it. Raises `_Silent`."""
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", *_CALM, "-C", str(self._root), *arguments),
                env=self._environment | environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise _Silent(f"git cannot be run: {clean(error.strerror or '', limit=80).lower()}") from None
        try:
            async with asyncio.timeout(self._timeout):
                answer, complaint = await process.communicate()
        except TimeoutError:
            raise _Silent(f"git {arguments[0]} did not answer in {self._timeout:.0f} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)
                await process.wait()
        if process.returncode:
            first = complaint.decode("utf-8", "replace").strip().partition("\n")[0]
            raise _Silent(f"git {arguments[0]}: {clean(first, limit=160)}")
        return answer[:_OUTPUT_LIMIT].decode("utf-8", "replace").strip()


async def _tree(git: _Git) -> str:
    """The tree hash of the working tree, made with a temporary index and temporary objects."""
    try:
        with tempfile.TemporaryDirectory(prefix="lktop-git-", ignore_cleanup_errors=True) as place:
            return await _tree_beside(git, Path(place))
    except _Silent as silence:
        git.note = git.note or str(silence)
    except OSError as error:
        git.note = git.note or f"no tree hash, it needs a temporary folder: {reason(error)}"
    return ""


async def _tree_beside(git: _Git, place: Path) -> str:
    """The same with a folder for what git writes. Raises `_Silent` and `OSError`."""
    (place / "objects").mkdir()
    aside = {
        "GIT_INDEX_FILE": f"{place}/index",
        "GIT_OBJECT_DIRECTORY": f"{place}/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": await git.tell(
            "rev-parse", "--path-format=absolute", "--git-path", "objects"
        ),
    }
    await git.ask("add", "--all", **aside)
    tree = await git.ask("write-tree", **aside)
    return await git.ask("rev-parse", "--short", tree, **aside)
