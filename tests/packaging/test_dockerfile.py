"""Generated Dockerfiles: what is in them, for which program, and that nothing is overwritten unasked."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from tests.packaging.trees import grow
from tui.packaging.detect import ProjectType
from tui.packaging.dockerfile import dockerfile, dockerignore, entry_points, write_files
from tui.packaging.errors import ProjectError
from tui.packaging.ignore import Patterns
from tui.packaging.source import scan_source

PIP, UV, NODE = ProjectType.PYTHON_PIP, ProjectType.PYTHON_UV, ProjectType.NODE
KINDS = [PIP, UV, NODE]

_INSTRUCTION = re.compile(r"(ARG|FROM|ENV|RUN|WORKDIR|COPY|USER|CMD) \S.*")


def instructions(text: str) -> list[str]:
    """One instruction a line, comments and continuations gone."""
    lines = [line for line in text.replace("\\\n", "").splitlines() if line and not line.startswith("#")]
    return [re.sub(r"\s+", " ", line) for line in lines]


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_is_an_instruction(kind: ProjectType) -> None:
    found = instructions(dockerfile(kind, "agent.py"))
    assert [line for line in found if not _INSTRUCTION.fullmatch(line)] == []
    assert len([line for line in found if line.startswith("CMD ")]) == 1
    assert found[-1].startswith("CMD ") and "@" not in found[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_two_stages_and_a_user_who_is_not_root(kind: ProjectType) -> None:
    found = instructions(dockerfile(kind, "agent.py"))
    assert [line.partition(" AS ")[2] for line in found if line.startswith("FROM ")] == ["base", "build", ""]
    last = found[found.index("FROM base", found.index("FROM base AS build") + 1) :]
    assert any("--uid 10001 appuser" in line and "--home /app" in line for line in last)
    assert last.index("USER appuser") > last.index("COPY --from=build --chown=appuser:appuser /app /app")


@pytest.mark.parametrize(
    ("kind", "before_code"),
    [
        (PIP, ["pip install --no-cache-dir", "python -m livekit.agents download-files"]),
        (UV, ["uv sync --locked", "uv run --module livekit.agents download-files"]),
        (NODE, ["pnpm install --frozen-lockfile", "npx livekit-agents download-files"]),
    ],
)
def test_what_is_downloaded_is_cached_before_the_code(kind: ProjectType, before_code: list[str]) -> None:
    text = dockerfile(kind, "agent.py")
    assert all(text.index(step) < text.index("COPY . .") for step in before_code)


def test_the_program_is_started_by_name_without_a_shell() -> None:
    name = 'src/my agent "x" $(rm).py'
    for kind, expected in [(PIP, ["python", name, "start"]), (UV, ["uv", "run", name, "start"])]:
        assert json.loads(instructions(dockerfile(kind, name))[-1].removeprefix("CMD ")) == expected
    assert instructions(dockerfile(NODE, name))[-1] == 'CMD ["pnpm", "start"]'


@pytest.mark.parametrize("name", ["a\nRUN evil.py", "\x1b.py", "a\u2028.py"])
def test_a_name_that_would_break_the_file_is_refused(name: str) -> None:
    with pytest.raises(ProjectError, match="cannot be the name of a program"):
        dockerfile(PIP, name)


PROGRAMS: list[tuple[ProjectType, list[str], list[str]]] = [
    (PIP, [], ["agent.py"]),
    (NODE, [], ["agent.js"]),
    (PIP, ["z.py", "a.py"], ["a.py", "z.py"]),
    (
        PIP,
        ["b.py", "agent.py", "s/agent.py", "main.py", "s/app/__main__.py", "__init__.py", "s/__main__.py"],
        ["s/__main__.py", "s/app/__main__.py", "main.py", "agent.py", "s/agent.py", "b.py"],
    ),
    (
        NODE,
        ["dist/index.js", "x.js", "agent.js", "main.js", "index.js"],
        ["index.js", "main.js", "agent.js", "x.js"],
    ),
    (PIP, ["tests/t.py", ".venv/lib/x.py", "sub/.venv/y.py", "build/z.py", "ok.py"], ["ok.py"]),
    (PIP, ["src/tests/t.py"], ["src/tests/t.py"]),
    (NODE, ["node_modules/m/index.js", "p/node_modules/n.js", "a.ts", "b.mjs"], ["agent.js"]),
    (PIP, ["agent.pyc", "agent.txt", "py"], ["agent.py"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "files", "expected"), PROGRAMS)
def test_which_programs_are_offered(
    tmp_path: Path, kind: ProjectType, files: list[str], expected: list[str]
) -> None:
    assert list(entry_points(grow(tmp_path, dict.fromkeys(files, "")), kind)) == expected


def test_links_and_names_that_cannot_be_written_are_not_offered(tmp_path: Path) -> None:
    root = grow(tmp_path, {"ok.py": "", "bad\n.py": ""})
    (root / "link.py").symlink_to("ok.py")
    (root / "loop").symlink_to(".")
    assert entry_points(root, PIP) == ("ok.py",)


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no such file or directory"):
        entry_points(tmp_path / "gone", PIP)


def test_both_files_are_written_where_there_are_none(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        done = write_files(tmp_path, UV, "src/agent.py")
    finally:
        os.umask(before)
    assert (done.written, done.kept) == (("Dockerfile", ".dockerignore"), ())
    assert done.warnings == (
        "the Dockerfile copies pyproject.toml, which is missing: the build will stop there",
        "the Dockerfile copies uv.lock, which is missing: the build will stop there",
    )
    assert (tmp_path / "Dockerfile").read_text() == dockerfile(UV, "src/agent.py")
    assert (tmp_path / ".dockerignore").read_text() == dockerignore(UV)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o644}


@pytest.mark.parametrize("there", ["Dockerfile", ".dockerignore"])
def test_what_is_there_stays_unless_asked(tmp_path: Path, there: str) -> None:
    grow(tmp_path, {there: "mine", "requirements.txt": ""})
    done = write_files(tmp_path, PIP, "agent.py")
    assert done.kept == (there,) and len(done.written) == 1
    assert (tmp_path / there).read_text() == "mine"
    assert done.warnings == ()
    again = write_files(tmp_path, PIP, "agent.py", overwrite=True)
    assert (again.written, again.kept) == (("Dockerfile", ".dockerignore"), ())
    assert (tmp_path / there).read_text() != "mine"


def test_a_dangling_link_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("elsewhere")
    assert write_files(tmp_path, PIP, "agent.py").kept == ("Dockerfile",)
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        ProjectError, match=r"cannot write .*Dockerfile: no such file or directory; nothing was"
    ):
        write_files(tmp_path / "gone", PIP, "agent.py")


@pytest.mark.parametrize("kind", KINDS)
def test_the_generated_list_leaves_out_what_it_says(tmp_path: Path, kind: ProjectType) -> None:
    out = [
        "tests/x",
        "dist/y",
        "a.log",
        "s/b.log",
        ".git/z",
        "README.md",
        ".env",
        "s/.env.local",
        ".vscode/w",
    ]
    out += [".cursorrules", ".claude/settings.json"]
    out += (
        ["s/__pycache__/c.pyc", "s/d.pyc", ".venv/e"] if kind.is_python else ["node_modules/f", "s/g.test.ts"]
    )
    kept = ["src/main.py", "src/index.js", "uv.lock", "package.json", "src/tests/h"]
    patterns = Patterns(dockerignore(kind).splitlines())
    assert [name for name in out if not patterns.ignores_deep(name)] == []
    assert [name for name in kept if patterns.ignores_deep(name)] == []
    root = grow(tmp_path, dict.fromkeys([*out, *kept], "") | {".dockerignore": dockerignore(kind)})
    assert {entry.name for entry in scan_source(root).entries if not entry.is_directory} == set(kept)
