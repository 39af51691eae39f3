"""What git says of a working tree, and that asking changes and runs nothing."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from tests.packaging.trees import grow
from tui.packaging.gitinfo import GitInfo, read_git, version_attributes

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def git(root: Path, *arguments: str) -> str:
    identity = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        identity |= {f"GIT_{who}_NAME": "n", f"GIT_{who}_EMAIL": "e@example.org"}
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(
        command, env=ENVIRONMENT | identity, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = grow(tmp_path / "work", {"a": "1", ".gitignore": "ignored\n", "sub/b": "2"})
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return root


async def test_a_clean_tree(root: Path) -> None:
    commit = git(root, "log", "-1", "--pretty=format:%h")
    assert await read_git(root, ENVIRONMENT) == GitInfo(commit, "main")
    assert await read_git(root / "sub", ENVIRONMENT) == GitInfo(commit, "main")


@pytest.mark.parametrize("change", [{"a": "changed"}, {"new": "x"}])
async def test_a_dirty_tree_has_a_hash_of_its_own(root: Path, change: dict[str, str]) -> None:
    grow(root, change)
    found = await read_git(root, ENVIRONMENT)
    assert found is not None and found.dirty
    git(root, "add", "--all")
    assert found.tree == git(root, "rev-parse", "--short", git(root, "write-tree"))


async def test_without_room_for_a_temporary_folder_there_is_no_hash_and_a_word(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.mkdtemp", full)
    grow(root, {"new": "x"})
    found = await read_git(root, ENVIRONMENT)
    assert found is not None and found.dirty and not found.tree
    assert found.note == "no tree hash, it needs a temporary folder: no space left on device"


async def test_the_hash_follows_the_content(root: Path) -> None:
    hashes = []
    for content in ("x", "y", "x"):
        grow(root, {"new": content})
        found = await read_git(root, ENVIRONMENT)
        hashes.append(found.tree if found else "")
    assert hashes[0] == hashes[2] != hashes[1] != ""


async def test_ignored_files_make_no_tree_dirty(root: Path) -> None:
    grow(root, {"ignored": "x"})
    found = await read_git(root, ENVIRONMENT)
    assert found is not None and (found.dirty, found.tree) == (False, "")


async def test_asking_leaves_the_repository_as_it_was(root: Path) -> None:
    grow(root, {"a": "changed", "new": "x"})

    def seen() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}

    before = seen()
    found = await read_git(root, ENVIRONMENT)
    assert found is not None and found.tree
    assert seen() == before


async def test_a_detached_head_has_no_branch(root: Path) -> None:
    git(root, "checkout", "--quiet", "--detach")
    found = await read_git(root, ENVIRONMENT)
    assert found is not None and found.commit and not found.branch


async def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    root = grow(tmp_path / "new", {"a": "1"})
    git(root, "init", "--quiet")
    found = await read_git(root, ENVIRONMENT)
    assert found is not None
    assert (found.commit, found.branch, found.dirty) == ("", "", True)
    assert found.tree and found.note.startswith("git ")


async def test_outside_of_git_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert await read_git(tmp_path, ENVIRONMENT) is None
    assert await read_git(tmp_path / "gone", ENVIRONMENT) is None


async def test_without_git_there_is_nothing_to_say(root: Path, tmp_path: Path) -> None:
    assert await read_git(root, {"PATH": str(tmp_path)}) is None


async def test_git_does_not_see_our_environment(root: Path, tmp_path: Path) -> None:
    spy = tmp_path / "bin" / "git"
    grow(tmp_path, {"bin/git": f'#!/bin/sh\nenv > {tmp_path}/seen\necho "$@" >> {tmp_path}/asked\n'})
    spy.chmod(0o755)
    environment = {
        "PATH": f"{spy.parent}:{ENVIRONMENT['PATH']}",
        "LIVEKIT_API_SECRET": "canary",
        "GIT_DIR": "/x",
    }
    await read_git(root, environment)
    seen = (tmp_path / "seen").read_text()
    assert "canary" not in seen and "GIT_DIR" not in seen and "GIT_TERMINAL_PROMPT=0" in seen


async def test_what_a_repository_configures_is_not_run(root: Path, tmp_path: Path) -> None:
    hook = f"#!/bin/sh\ntouch {tmp_path}/ran\n"
    grow(root, {".git/hooks/pre-commit": hook, ".git/hooks/post-index-change": hook, ".git/monitor": hook})
    for path in (*(root / ".git/hooks").iterdir(), root / ".git/monitor"):
        path.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(root / ".git/monitor"))
    grow(root, {"new": "x"})
    assert await read_git(root, ENVIRONMENT) is not None
    assert not (tmp_path / "ran").exists()


async def test_a_git_that_does_not_answer_is_given_up_with_all_it_started(root: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    grow(tmp_path, {"bin/git": f"#!/bin/sh\n(echo up; exec sleep 30) > {tmp_path}/pipe &\nwait\n"})
    (tmp_path / "bin/git").chmod(0o755)
    alive = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    environment = {"PATH": f"{tmp_path}/bin:{ENVIRONMENT['PATH']}"}
    assert await read_git(root, environment, timeout=0.5) is None
    os.set_blocking(alive, True)
    with os.fdopen(alive, "rb") as pipe:
        assert pipe.read() == b"up\n"  # ends only when nobody is left who could write


@pytest.mark.parametrize(
    ("git_says", "given", "expected"),
    [
        (None, {"a": "1"}, {"a": "1"}),
        (GitInfo("c0ffee", "main"), {}, {"git_commit": "c0ffee", "git_branch": "main"}),
        (GitInfo("c0ffee", ""), {}, {"git_commit": "c0ffee"}),
        (
            GitInfo("c0ffee", "main", dirty=True, tree="dead"),
            {},
            {"git_commit": "c0ffee", "git_branch": "main", "git_tree": "dead"},
        ),
        (
            GitInfo("c0ffee", "main", dirty=True, tree="dead"),
            {"git_commit": "mine", "x": "y"},
            {"git_commit": "mine", "git_branch": "main", "x": "y"},
        ),
        (GitInfo("c0ffee", "main"), {"git_branch": ""}, {"git_commit": "c0ffee", "git_branch": ""}),
    ],
)
def test_attributes(git_says: GitInfo | None, given: dict[str, str], expected: dict[str, str]) -> None:
    assert version_attributes(git_says, given) == expected
