"""The archive: which files are in it, for every rule and trap, and what is said of the rest."""

from __future__ import annotations

import gzip
import os
import re
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.packaging.test_ignore import naive_ignores
from tests.packaging.trees import grow, members
from tui.packaging import tarball as tarball_module
from tui.packaging.errors import PatternError, SourceError
from tui.packaging.source import scan_source
from tui.packaging.tarball import build_tarball

TREES: list[tuple[str, dict[str, str | bytes], set[str]]] = [
    (
        "the official client's own excludes, at any depth",
        {
            "livekit.toml": "",
            "a/livekit.toml": "",
            "a/.git/x": "",
            ".git/objects/y": "",
            ".gitignore": "",
            "a/.gitignore": "",
            ".dockerignore": "",
            "node_modules/x/y.js": "",
            "a/node_modules/z": "",
            ".venv/bin/python": "",
            "a/venv/x": "",
            ".env": "",
            ".env.local": "",
            "a/.env.production": "",
            "agent.py": "",
        },
        {"./", "a/", "agent.py"},
    ),
    (
        "names that only look like those",
        {
            "xvenv/a": "",
            ".environment": "",
            "env/b": "",
            "my.git": "",
            "livekit.toml.bak": "",
            ".github/w.yml": "",
        },
        {"./", "xvenv/", "xvenv/a", ".environment", "env/", "env/b", "my.git", "livekit.toml.bak", ".github/"}
        | {".github/w.yml"},
    ),
    (
        "whatever has Dockerfile in its name, even ignored and inside the ignored",
        {
            ".dockerignore": "*\n",
            "Dockerfile": "",
            "Dockerfile.prod": "",
            "other-Dockerfile": "",
            "Dockerfiles/x": "",
            "node_modules/p/Dockerfile": "",
            "dockerfile": "",
        },
        {"Dockerfile", "Dockerfile.prod", "other-Dockerfile", "Dockerfiles/", "node_modules/p/Dockerfile"},
    ),
    (
        "a star leaves out even the root entry",
        {".gitignore": "*\n!keep/x\n", "keep/x": "", "keep/y": "", "z": ""},
        {"keep/x"},
    ),
    (
        "patterns without a slash hold in the root alone",
        {
            ".gitignore": "*.log\n__pycache__/\n",
            "a.log": "",
            "s/b.log": "",
            "__pycache__/c": "",
            "s/__pycache__/d": "",
        },
        {"./", "s/", "s/b.log", "s/__pycache__/", "s/__pycache__/d"},
    ),
    (
        "a leading slash never matches",
        {".gitignore": "/dist\n/build/\n", "dist/x": "", "build/y": ""},
        {"./", "dist/", "dist/x", "build/", "build/y"},
    ),
    (
        "empty directories are kept",
        {"empty/": "", "a/deep/er/": ""},
        {"./", "empty/", "a/", "a/deep/", "a/deep/er/"},
    ),
    (
        "ignore files below the root are not read",
        {"a/.gitignore": "b\n", "a/.dockerignore": "c\n", "a/b": "", "a/c": ""},
        {"./", "a/", "a/b", "a/c"},
    ),
    (
        ".dockerignore speaks after .gitignore",
        {".gitignore": "a.txt\n!b.txt\n", ".dockerignore": "!a.txt\nb.txt\n", "a.txt": "", "b.txt": ""},
        {"./", "a.txt"},
    ),
    (
        "an exception takes in a file below what is left out, and secrets",
        {
            ".gitignore": "!.env\n!node_modules/own/**\n",
            ".env": "K=v",
            "node_modules/own/a": "",
            "node_modules/b": "",
        },
        {"./", ".env", "node_modules/own/a"},
    ),
    (
        "comments are patterns, line ends and blanks are not",
        {".gitignore": "# note\r\n\r\n  tmp  \r\n", "tmp/x": "", "# note": "", "y": ""},
        {"./", "y"},
    ),
    (
        "names that an archive must carry as they are",
        {"é/ü.py": "", "a b": "", "x" * 120 + "/" + "y" * 120: "", "new\nline": "", "-rf": ""},
        {"./", "é/", "é/ü.py", "a b", "x" * 120 + "/", "x" * 120 + "/" + "y" * 120, "new\nline", "-rf"},
    ),
]


@pytest.mark.parametrize(("files", "expected"), [tree[1:] for tree in TREES], ids=[tree[0] for tree in TREES])
def test_a_tree(tmp_path: Path, files: dict[str, str | bytes], expected: set[str]) -> None:
    root = grow(tmp_path / "root", files)
    with build_tarball(root, directory=tmp_path) as tarball:
        assert set(members(tarball)) == expected
        assert {entry.name for entry in tarball.entries} == expected


def test_contents_modes_and_times_arrive(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"run.sh": "#!/bin/sh\n", "big": os.urandom(3_000_000)})
    (root / "run.sh").chmod(0o755)
    os.utime(root / "run.sh", (1_700_000_000.75, 1_700_000_000.75))
    with build_tarball(root, directory=tmp_path) as tarball, tarfile.open(tarball.path) as archive:
        run, big = archive.getmember("run.sh"), archive.extractfile("big")
        assert (run.mode, run.mtime) == (0o755, 1_700_000_000)
        assert big is not None and big.read() == (root / "big").read_bytes()


def test_an_archive_that_is_too_large_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = grow(tmp_path / "root", {"Dockerfile": "", "noise": os.urandom(3_000)})
    with build_tarball(root, directory=tmp_path) as tarball:
        assert tarball.warnings == ()
    monkeypatch.setattr(tarball_module, "SIZE_LIMIT", 2_000)
    with build_tarball(root, directory=tmp_path) as tarball:
        assert len(tarball.warnings) == 1 and "the service takes" in tarball.warnings[0]


def test_the_order_is_that_of_a_lexical_walk(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"b": "", "a/z": "", "a/b/c": "", "a.txt": "", "a/b.txt": "", "B": ""})
    with build_tarball(root, directory=tmp_path) as tarball, tarfile.open(tarball.path) as archive:
        names = [info.name for info in archive]
    assert names == [".", "B", "a", "a/b", "a/b/c", "a/b.txt", "a/z", "a.txt", "b"]
    assert [entry.name.rstrip("/") for entry in tarball.entries] == names


def test_the_same_tree_gives_the_same_bytes_and_names_nobody(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"a/b": "x", "c": "y"})
    with build_tarball(root, directory=tmp_path) as one, build_tarball(root, directory=tmp_path) as two:
        assert one.path.read_bytes() == two.path.read_bytes()
        assert one.path != two.path
        assert one.path.read_bytes()[4:8] == bytes(4)  # where gzip would put the time of packing
        owners = {(info.uid, info.gid, info.uname, info.gname) for info in members(one).values()}
    assert owners == {(0, 0, "", "")}


def test_the_file_is_private_and_goes_away(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"a": "x"})
    with build_tarball(root, directory=tmp_path) as tarball:
        assert stat.S_IMODE(tarball.path.stat().st_mode) == 0o600
        assert tarball.size == tarball.path.stat().st_size
        assert [entry.name for entry in tarball.files] == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_what_an_archive_cannot_hold_is_listed(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"real": "", ".gitignore": "ignored\n", "d/": ""})
    (root / "link").symlink_to("real")
    (root / "d/up").symlink_to("..")
    (root / "gone").symlink_to("nowhere")
    (root / "ignored").symlink_to("real")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(root)  # the name of a socket is short
        try:
            bound.bind("sock")
        finally:
            os.chdir(here)
        with build_tarball(root, directory=tmp_path) as tarball:
            assert set(members(tarball)) == {"./", "d/", "real"}
    assert {(found.name, found.kind) for found in tarball.skipped} == {
        ("link", "symbolic link"),
        ("d/up", "symbolic link"),
        ("gone", "symbolic link"),
        ("pipe", "named pipe"),
        ("sock", "socket"),
    }


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"a": "x" * 10, "b": "y" * 300_000})
    seen: list[tuple[int, int]] = []
    build_tarball(root, directory=tmp_path, progress=lambda done, total: seen.append((done, total))).discard()
    assert seen == [(10, 300_010), (262_154, 300_010), (300_010, 300_010)]


class Stop(Exception):
    """What a cancelled deploy raises out of its progress."""


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"a": "x", "b": "y"})

    def stop(done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        build_tarball(root, directory=tmp_path, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_a_link_swapped_in_while_packing_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    root = grow(tmp_path / "root", {"a": "x", "b": "y"})

    def swap(done: int, total: int) -> None:
        (root / "b").unlink(missing_ok=True)
        (root / "b").symlink_to(tmp_path / "secret")

    with pytest.raises(SourceError, match=r"^cannot read b: "):
        build_tarball(root, directory=tmp_path, progress=swap)


def test_a_directory_swapped_for_a_link_while_packing_is_not_followed(tmp_path: Path) -> None:
    grow(tmp_path / "outside", {"c": "outside"})
    root = grow(tmp_path / "root", {"a": "x", "b/c": "y"})

    def swap(done: int, total: int) -> None:
        shutil.rmtree(root / "b")
        (root / "b").symlink_to(tmp_path / "outside")

    with pytest.raises(SourceError, match=r"^cannot read b/c: "):
        build_tarball(root, directory=tmp_path, progress=swap)


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"shrinks": "x" * 1_000_000})

    def cut(done: int, total: int) -> None:
        os.truncate(root / "shrinks", 300_000)

    with pytest.raises(SourceError, match="shrinks changed while it was being packed"):
        build_tarball(root, directory=tmp_path, progress=cut)


def test_a_file_that_grows_while_it_is_read_is_taken_as_it_was(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"a": "x", "grows.log": "y" * 1_000_000})

    def write(done: int, total: int) -> None:
        with (root / "grows.log").open("a") as log:
            log.write("more")

    with build_tarball(root, directory=tmp_path, progress=write) as tarball:
        assert members(tarball)["grows.log"].size == 1_000_004  # the first byte was read before it was opened


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, which may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("locked", ["d/file", "d"])
def test_what_cannot_be_read_ends_it_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: str
) -> None:
    grow(tmp_path, {"root/a": "x", "root/d/file": "y"})
    tmp_path.chmod(0o755)
    (tmp_path / "root" / locked).chmod(0)
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryDirectory() as out:
        Path(out).chmod(0o777)
        with nobody(), pytest.raises(SourceError) as refusal:
            build_tarball(Path("root"), directory=Path(out))
        assert not list(Path(out).iterdir())
    (tmp_path / "root" / locked).chmod(0o700)
    assert str(refusal.value) == f"cannot read {locked}: permission denied; nothing was sent"


def test_a_missing_root_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or directory"):
        scan_source(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="not a directory"):
        scan_source(tmp_path / "file")


def test_a_broken_pattern_ends_it(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {".gitignore": "# see [1\n"})
    with pytest.raises(PatternError, match="see"):
        build_tarball(root, directory=tmp_path)
    assert not list(tmp_path.glob("lktop-*"))


def test_an_ignore_file_that_cannot_be_read_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"a": ""})
    os.mkfifo(root / ".dockerignore")
    with pytest.raises(SourceError, match=r"\.dockerignore: it is a named pipe"):
        scan_source(root)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"noise": os.urandom(300_000)})
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from tui.packaging.errors import SourceError\n"
        "from tui.packaging.tarball import build_tarball\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    build_tarball(Path(sys.argv[1]), directory=Path(sys.argv[2]))\n"
        "except SourceError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "cannot write the archive: file too large; nothing was sent\n"
    assert not list(tmp_path.glob("lktop-*"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_byte_order_mark_is_no_part_of_an_ignore_file(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"Dockerfile": "", "a.log": "", ".dockerignore": b"\xef\xbb\xbf*.log\n"})
    assert [entry.name for entry in scan_source(root).entries] == ["./", "Dockerfile"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (b"bin\\\nobj\\\n", "ignore pattern .bin.* has a syntax error"),
        ("node_modules\n".encode("utf-16"), "cannot read .*dockerignore: it is UTF-16; save it as UTF-8"),
    ],
    ids=["as Windows writes a folder", "as Windows' shell saves it"],
)
def test_an_ignore_file_that_would_ignore_nothing_is_refused(tmp_path: Path, lines: bytes, said: str) -> None:
    root = grow(tmp_path / "root", {"Dockerfile": "", "bin/a": "", ".dockerignore": lines})
    with pytest.raises(SourceError, match=said):
        scan_source(root)


WARNED: list[tuple[dict[str, str | bytes], str]] = [
    ({"a": ""}, "there is no Dockerfile in the root: the build will have nothing to follow"),
    ({"sub/Dockerfile": ""}, "there is no Dockerfile in the root: the build will have nothing to follow"),
    (
        {"Dockerfile": "", ".gitignore": "!.env\n!**/.env.local\n", ".env": "", "a/.env.local": ""},
        "looks like a secret and will be uploaded: .env, a/.env.local",
    ),
    ({"Dockerfile": "", "prod.env": ""}, "looks like a secret and will be uploaded: prod.env"),
    (
        {"Dockerfile": "", "k/1.pem": "", "k/2.pem": "", "k/3.pem": "", "k/4.pem": "", "k/5.key": ""},
        "looks like a secret and will be uploaded: k/1.pem, k/2.pem, k/3.pem and 2 more",
    ),
    (
        {"Dockerfile": "", ".gitignore": "/dist\n", "dist/x": ""},
        ".gitignore: /dist has no effect, for a leading / never matches: uploading dist/, dist/x",
    ),
    (
        {"Dockerfile": "", ".dockerignore": "/datasets/*\n/.idea\n", "datasets/a": ""},
        ".dockerignore: /datasets/* has no effect, for a leading / never matches: uploading datasets/a",
    ),
]


@pytest.mark.parametrize(("files", "warning"), WARNED)
def test_what_is_warned_of(tmp_path: Path, files: dict[str, str | bytes], warning: str) -> None:
    assert scan_source(grow(tmp_path / "root", files)).warnings == (warning,)


@pytest.mark.parametrize(
    "files",
    [
        {"Dockerfile": "", "agent.py": "", ".env": "", ".env.example": "", "environment.py": ""},
        {"Dockerfile": "", ".gitignore": "/dist\ndist\n!/x\n", "dist/x": "", "x": ""},
    ],
)
def test_what_is_not(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert scan_source(grow(tmp_path / "root", files)).warnings == ()


def test_a_hostile_name_is_shown_harmless(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"Dockerfile": "", "\x1b[31m.env": ""})
    (warning,) = scan_source(root).warnings
    assert warning.endswith("␛[31m.env")


def test_a_name_that_is_no_utf8_is_packed(tmp_path: Path) -> None:
    root = grow(tmp_path / "root", {"Dockerfile": ""})
    (root / os.fsdecode(b"caf\xe9")).write_text("x")
    with build_tarball(root, directory=tmp_path) as tarball:
        with gzip.open(tarball.path) as raw:
            assert b"caf\xe9" in raw.read()
        assert os.fsdecode(b"caf\xe9") in {entry.name for entry in tarball.entries}


PLANTED = {
    ".env": "",
    ".env.local": "",
    ".venv/bin/x": "",
    "tui/.venv/y": "",
    "venv/z": "",
    ".git/HEAD": "",
    "node_modules/m/Dockerfile": "",
    "tui/api/Dockerfile.dev": "",
    "livekit.toml": "",
    "tests/livekit.toml": "",
    "dist/lktop.whl": "",
    "build/lib/x": "",
    "tui/__pycache__/x.pyc": "",
    "__pycache__/x.pyc": "",
    "notes.md": "",
}


def test_this_project_s_own_tree(tmp_path: Path) -> None:
    """The files of this repository with litter among them, against a reading written out by hand."""
    here = Path(__file__).parents[2]
    root = grow(tmp_path / "root", PLANTED)
    for path in [here / ".gitignore", here / "pyproject.toml", *(here / "tui").rglob("*.py")]:
        copy = root / path.relative_to(here)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    lines = [re.sub(r"/+$", "", line.strip()) for line in (root / ".gitignore").read_text().splitlines()]

    def expected(name: str) -> bool:
        base, steps = name.rpartition("/")[2], name.split("/")
        if "Dockerfile" in base:
            return True
        if any(step in {".git", "node_modules", ".venv", "venv", ".env", "livekit.toml"} for step in steps):
            return False
        if fnmatchcase(base, ".env.*") or base in {".gitignore", ".dockerignore"}:
            return False
        return not naive_ignores([line for line in lines if line], name)

    listed = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    packed = {entry.name for entry in scan_source(root).entries if not entry.is_directory}
    assert packed == {name for name in listed if expected(name)}
    assert {"pyproject.toml", "notes.md", "node_modules/m/Dockerfile", "tui/packaging/source.py"} <= packed
