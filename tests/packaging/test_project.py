"""What a working directory is: its kind, its SDK, its `livekit.toml`."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.packaging.trees import grow
from tui.livekit_toml import LivekitToml
from tui.packaging.detect import ProjectType, detect
from tui.packaging.errors import ProjectError, SdkRefused
from tui.packaging.project_file import read_project_file, write_project_file
from tui.packaging.sdk import check_sdk

PIP, UV, NODE = ProjectType.PYTHON_PIP, ProjectType.PYTHON_UV, ProjectType.NODE

KINDS: list[tuple[dict[str, str], ProjectType, str]] = [
    ({"package.json": ""}, NODE, "package.json"),
    ({"uv.lock": "", "requirements.txt": "", "pyproject.toml": ""}, UV, "uv.lock"),
    ({"poetry.lock": "", "pyproject.toml": "[tool.uv]"}, PIP, "poetry.lock"),
    ({"Pipfile.lock": ""}, PIP, "Pipfile.lock"),
    ({"requirements.txt": "", "pyproject.toml": "[tool.uv]"}, PIP, "requirements.txt"),
    ({"pyproject.toml": "[tool.poetry]"}, PIP, "pyproject.toml"),
    ({"pyproject.toml": "[tool.pdm]\n[tool.uv]"}, PIP, "pyproject.toml"),
    ({"pyproject.toml": "[tool.hatch.x]\n[tool.uv]"}, PIP, "pyproject.toml"),
    ({"pyproject.toml": "[tool.uv.sources]"}, UV, "pyproject.toml"),
    ({"pyproject.toml": "[project]"}, PIP, "pyproject.toml"),
    ({"pyproject.toml": "tool = 1"}, PIP, "pyproject.toml"),
]


@pytest.mark.parametrize(("files", "kind", "file"), KINDS)
def test_the_kind_of_a_project(tmp_path: Path, files: dict[str, str], kind: ProjectType, file: str) -> None:
    found = detect(grow(tmp_path, files))
    assert (found.type, found.file, found.warnings) == (kind, file, ())


@pytest.mark.parametrize("files", [{}, {"agent.py": ""}, {"sub/package.json": ""}, {"Pipfile": ""}])
def test_no_project(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(ProjectError, match="holds no agent project"):
        detect(grow(tmp_path, files))


def test_a_stray_package_json_is_warned_of(tmp_path: Path) -> None:
    found = detect(grow(tmp_path, {"package.json": "", "uv.lock": "", "pyproject.toml": ""}))
    assert found.type is NODE
    assert found.warnings == (
        "package.json makes this a Node project although there is uv.lock; if it is not, remove it",
    )


def test_a_broken_pyproject_is_pip_and_warned_of(tmp_path: Path) -> None:
    found = detect(grow(tmp_path, {"pyproject.toml": "[tool"}))
    assert found.type is PIP and "cannot be read" in found.warnings[0]


# SDK versions

SETTINGS = {"python-min-sdk-version": "1.3.0", "node-min-sdk-version": "1.3.0"}


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("livekit-agents", "latest"),
        ("livekit-agents==1.3.0", "==1.3.0"),
        ("livekit-agents==1.10.0", "==1.10.0"),
        ("livekit-agents>=1.3", ">=1.3"),
        ("livekit-agents ~= 1.5", "~=1.5"),
        ("LiveKit_Agents==1.5", "==1.5"),
        ("livekit-agents[openai,silero]==1.5", "==1.5"),
        ("livekit-agents [openai] >= 1.5, < 2", ">=1.5"),
        ("livekit-agents<2,>=1.5", ">=1.5"),
        ("livekit-agents<2", "latest"),
        ("livekit-agents!=1.4", "latest"),
        ("livekit-agents (>=1.5)", ">=1.5"),
        ("livekit-agents==1.3.0rc1", "==1.3.0rc1"),
        ("livekit-agents==1.3.0.rc1", "==1.3.0.rc1"),
        ("livekit-agents~=1.3rc", "~=1.3rc"),
        ("livekit-agents==1.*", "==1.*"),
        ("livekit-agents==1.5 # pinned", "==1.5"),
        ('livekit-agents==1.5; python_version>"3.9"', "==1.5"),
        ("livekit-agents @ git+https://github.com/livekit/agents.git@main", "latest"),
        ("livekit-agents[voice] @ git+https://x/y.git#subdirectory=z", "latest"),
        ("# livekit-agents==0.1\n\nrequests\nlivekit-agents==1.5", "==1.5"),
    ],
)
def test_a_requirement_that_is_new_enough(tmp_path: Path, written: str, version: str) -> None:
    found = check_sdk(grow(tmp_path, {"requirements.txt": written}), PIP, SETTINGS)
    assert (found.package, found.version, found.file, found.minimum) == (
        *("livekit-agents", version),
        *("requirements.txt", "1.3.0"),
    )


@pytest.mark.parametrize("version", ["==1.2.9", ">=1.0", "==0.99", "==1.2.9rc5", "==1.2.*", "~=1.2.alpha1"])
def test_a_requirement_that_is_too_old(tmp_path: Path, version: str) -> None:
    root = grow(tmp_path, {"requirements.txt": f"livekit-agents{version}\n"})
    with pytest.raises(ProjectError) as refusal:
        check_sdk(root, PIP, SETTINGS)
    said = f"livekit-agents {version} in requirements.txt is too old, the service takes 1.3.0 and newer"
    assert str(refusal.value) == f"{said}; nothing was sent"


@pytest.mark.parametrize(
    "written", ["", "requests", "livekit-agents-extra==1.5", "my-livekit-agents==1.5", "livekit-agents==soon"]
)
def test_a_requirement_that_is_none(tmp_path: Path, written: str) -> None:
    with pytest.raises(ProjectError, match="livekit-agents is in none of the project's files"):
        check_sdk(grow(tmp_path, {"requirements.txt": written}), PIP, SETTINGS)


LOCK = """\
[[package]]
name = "aiohttp"
version = "0.1"

[[package]]
name = "livekit-agents"
version = "1.6.7"
"""
PYTHON_FILES = {
    "poetry.lock": LOCK,
    "uv.lock": LOCK,
    "Pipfile.lock": json.dumps({"default": {"livekit-agents": {"version": "==1.6.7"}}}),
    "requirements.lock": "livekit-agents==1.6.7",
    "pyproject.toml": '[project]\ndependencies = ["x", "livekit-agents[y]>=1.6.7,<2"]',
    "requirements.txt": "livekit-agents==1.6.7",
    "Pipfile": '[packages]\nlivekit-agents = {version = ">=1.6.7", extras = ["x"]}',
    "setup.py": 'setup(\n    name="x",\n    install_requires=[\n        "livekit-agents>=1.6.7",\n    ],\n)',
    "setup.cfg": "[options]\ninstall_requires =\n    livekit-agents>=1.6.7\n",
}
NODE_FILES = {
    "package-lock.json": json.dumps({"packages": {"node_modules/@livekit/agents": {"version": "1.6.7"}}}),
    "yarn.lock": '# yarn lockfile v1\n\n"@livekit/agents@^1.0.0":\n  version "1.6.7"\n  resolved "x"\n',
    "pnpm-lock.yaml": "packages:\n\n  '@livekit/agents@1.6.7(zod@3)':\n    resolution: {}\n",
    "package.json": json.dumps({"devDependencies": {"@livekit/agents": "^1.6.7"}}),
}
OTHER_FORMS = [
    (NODE, "package-lock.json", json.dumps({"dependencies": {"@livekit/agents": {"version": "1.6.7"}}})),
    (NODE, "yarn.lock", '"@livekit/agents@npm:^1.0.0":\n  version: 1.6.7\n  resolution: "x"\n'),
    (NODE, "pnpm-lock.yaml", "packages:\n\n  /@livekit/agents@1.6.7:\n    resolution: {}\n"),
    (PIP, "Pipfile", '[packages]\n"livekit-agents" = ">=1.6.7"'),
    (PIP, "pyproject.toml", '[project]\ndependencies = ["livekit-agents~=1.6.7"]'),
]


@pytest.mark.parametrize(
    ("kind", "file", "text"),
    [
        *((PIP, file, text) for file, text in PYTHON_FILES.items()),
        *((NODE, file, text) for file, text in NODE_FILES.items()),
        *OTHER_FORMS,
    ],
)
def test_where_a_version_is_found(tmp_path: Path, kind: ProjectType, file: str, text: str) -> None:
    found = check_sdk(grow(tmp_path, {file: text}), kind, SETTINGS)
    assert (found.file, found.version.lstrip("=~>^")) == (file, "1.6.7")
    grow(tmp_path, {file: text.replace("1.6.7", "1.2.7")})
    with pytest.raises(ProjectError, match="too old"):
        check_sdk(tmp_path, kind, SETTINGS)


@pytest.mark.parametrize(("kind", "files"), [(PIP, PYTHON_FILES), (NODE, NODE_FILES)])
def test_the_order_in_which_files_count(tmp_path: Path, kind: ProjectType, files: dict[str, str]) -> None:
    names = list(files)
    grow(tmp_path, files)
    for name in names:
        assert check_sdk(tmp_path, kind, SETTINGS).file == name
        (tmp_path / name).unlink()


def test_a_lock_counts_before_a_loose_floor(tmp_path: Path) -> None:
    root = grow(
        tmp_path, {"pyproject.toml": '[project]\ndependencies = ["livekit-agents>=1.0"]', "uv.lock": LOCK}
    )
    assert check_sdk(root, UV, SETTINGS).version == "1.6.7"


@pytest.mark.parametrize("broken", ["{", "[", "\x00", '"x"', "[1]", '{"packages": 3}'])
def test_a_file_that_cannot_be_read_leaves_it_to_the_next(tmp_path: Path, broken: str) -> None:
    python = grow(
        tmp_path / "p", {"uv.lock": broken, "Pipfile.lock": broken, "requirements.txt": "livekit-agents"}
    )
    assert check_sdk(python, UV, SETTINGS).file == "requirements.txt"
    node = grow(tmp_path / "n", {"package-lock.json": broken, "package.json": NODE_FILES["package.json"]})
    assert check_sdk(node, NODE, SETTINGS).file == "package.json"


@pytest.mark.parametrize("version", ["workspace:*", "latest", "*", "next", "", "file:../x", "github:a/b"])
def test_a_node_version_that_is_whatever_it_is(tmp_path: Path, version: str) -> None:
    root = grow(tmp_path, {"package.json": json.dumps({"dependencies": {"@livekit/agents": version}})})
    assert check_sdk(root, NODE, SETTINGS).file == "package.json"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "did not say which SDK versions"),
        ({"python-min-sdk-version": "1.0"}, "did not say which SDK versions"),
        (SETTINGS | {"node-min-sdk-version": " "}, "did not say which SDK versions"),
        (SETTINGS | {"python-min-sdk-version": "soon\x1b"}, "an unreadable SDK version: soon␛"),
    ],
)
def test_settings_that_do_not_help(tmp_path: Path, settings: dict[str, str], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        check_sdk(grow(tmp_path, {"requirements.txt": "livekit-agents"}), PIP, settings)


@pytest.mark.parametrize(
    "requirements",
    [
        "-r requirements/base.txt\n",
        "--requirement=requirements/base.txt  # all of it\n",
        "-r requirements/more.txt\n",
        "-r requirements.txt\n-r gone.txt\n-r ../outside.txt\nlivekit-agents==1.5.0\n",
        "livekit-agents==1.5.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n",
        'livekit-agents==1.5.0 ; python_version > "3.9" --hash=sha256:abc\n',
    ],
    ids=["include", "long option", "nested", "loops and missing files", "hashes", "marker and hash"],
)
def test_a_requirements_file_is_read_as_pip_does(tmp_path: Path, requirements: str) -> None:
    root = grow(
        tmp_path / "project",
        {
            "requirements.txt": requirements,
            "requirements/base.txt": "livekit-agents==1.5.0\n",
            "requirements/more.txt": "-r more.txt\n-r base.txt\n",
        },
    )
    (tmp_path / "outside.txt").write_text("livekit-agents==0.1\n")
    found = check_sdk(root, PIP, SETTINGS)
    assert (found.version, found.file) == ("==1.5.0", "requirements.txt")


def test_a_comment_in_another_encoding_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"# caf\xe9\nlivekit-agents==1.5.0\n")
    assert check_sdk(tmp_path, PIP, SETTINGS).version == "==1.5.0"


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    root = grow(
        tmp_path, {"requirements.txt": "-r base.txt\n-r gone.txt\n", "uv.lock": "[[package", "setup.py": ""}
    )
    (root / "base.txt").write_bytes("livekit-agents==1.5.0\r\n".encode("utf-16"))
    with pytest.raises(SdkRefused) as refusal:
        check_sdk(root, PIP, SETTINGS)
    assert str(refusal.value) == (
        "livekit-agents is in none of the project's files (uv.lock cannot be read: it is not valid;"
        " base.txt cannot be read: it is UTF-16; save it as UTF-8;"
        " gone.txt, which requirements.txt includes, is not there): is this an agent? nothing was sent"
    )
    (root / "requirements.txt").write_bytes("livekit-agents==1.5.0\r\n".encode("utf-16"))
    with pytest.raises(
        SdkRefused, match=r"requirements.txt cannot be read: it is UTF-16; save it as UTF-8\)"
    ):
        check_sdk(root, PIP, SETTINGS)


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    mark = "\ufeff"
    for name, text in (PYTHON_FILES | NODE_FILES).items():
        root = grow(tmp_path / name, {name: mark + text})
        assert check_sdk(root, NODE if name in NODE_FILES else PIP, SETTINGS).file == name
    root = grow(tmp_path / "kind", {"pyproject.toml": mark + "[tool.uv]"})
    assert (detect(root).type, detect(root).warnings) == (UV, ())
    root = grow(
        tmp_path / "include", {"requirements.txt": mark + "-r base.txt", "base.txt": mark + "livekit-agents"}
    )
    assert check_sdk(root, PIP, SETTINGS).version == "latest"


# livekit.toml

TOML = """\
# which project
[project]
  subdomain = "demo-a1b2c3"   # do not change

[agent]
  id = "CA_p7KxWmR3sVbQ"
  note = "kept"

[other]
x = 1
"""


OLD_AND_NEW = """\
project_subdomain = "beta-2"
[project]
subdomain = "alpha-1"
[agent]
id = "CA_alpha"
"""
"""As left behind by a version of `lk` that added the new table to an old file."""


def test_the_file_is_read(tmp_path: Path) -> None:
    grow(tmp_path, {"livekit.toml": TOML})
    assert read_project_file(tmp_path / "livekit.toml") == LivekitToml("demo-a1b2c3", "CA_p7KxWmR3sVbQ")
    assert read_project_file(tmp_path / "none.toml") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", LivekitToml()),
        ('project_subdomain = "old"\n[agent]\nname = "x"\n', LivekitToml("old", "", old_format=True)),
        ('project_subdomain = "old"\n[project]\nsubdomain = "new"\n', LivekitToml("new")),
        ('\ufeff[project]\r\nsubdomain = "x"\r\n', LivekitToml("x")),
        ("[project]\n", LivekitToml()),
        # `lk` looks at the old key only where there is no [project], and then at no [agent]
        (OLD_AND_NEW, LivekitToml("alpha-1", "CA_alpha")),
        ('project_subdomain = "old"\n[project]\n', LivekitToml()),
        ('project_subdomain = "old"\n[agent]\nid = "CA_x"\n', LivekitToml("old", old_format=True)),
        # its parser ignores the case of keys
        ('[Project]\nSubdomain = "x"\n[Agent]\nID = "CA_x"\n', LivekitToml("x", "CA_x")),
        # and reads TOML 1.1
        (
            'project = {\n  subdomain = "x",\n}\nt = 07:32\nagent = { id = "CA_x" }\n',
            LivekitToml("x", "CA_x"),
        ),
        ('[project]\nsubdomain = "\\x61"\n', LivekitToml("a")),
    ],
)
def test_other_forms_of_the_file(tmp_path: Path, text: str, expected: LivekitToml) -> None:
    grow(tmp_path, {"livekit.toml": text})
    assert read_project_file(tmp_path / "livekit.toml") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", "toml:1:9: not valid TOML"),
        ('[project]\nsubdomain = "a"\nsubdomain = "b"\n', 'Key "subdomain" already exists'),
        ('[project]\nsubdomain = "a"\n[Project]\n', "project is there twice, as project and Project"),
        ("x = " + "[" * 5_000, "nested more than 100 levels"),
        ("project = 3\n", r"project must be a table, \[project\]"),
        ("[project]\nsubdomain = 3\n", "subdomain must be a text in quotes"),
        ("[agent]\nid = [1]\n", "id must be a text in quotes"),
        ("project_subdomain = 3\n", "subdomain must be a text in quotes"),
        ("x = '" + "y" * 65_536 + "'", "larger than 64 KiB; that is no project file of lk"),
    ],
)
def test_a_file_with_a_mistake(tmp_path: Path, text: str, message: str) -> None:
    path = grow(tmp_path, {"livekit.toml": text}) / "livekit.toml"
    before = path.read_bytes()
    with pytest.raises(ProjectError, match=message) as refusal:
        read_project_file(path)
    assert str(path) in str(refusal.value)
    with pytest.raises(ProjectError):
        write_project_file(path, subdomain="s", agent_id="CA_y")
    assert path.read_bytes() == before


def test_what_is_no_text_file(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "wide").write_bytes("[project]\n".encode("utf-16"))
    os.mkfifo(tmp_path / "pipe")
    for name, message in [
        ("bytes", "not UTF-8"),
        ("wide", "UTF-16; save it"),
        ("pipe", "named pipe"),
        (".", "directory"),
    ]:
        with pytest.raises(ProjectError, match=message):
            read_project_file(tmp_path / name)


def test_writing_keeps_all_that_is_not_ours(tmp_path: Path) -> None:
    path = grow(tmp_path, {"livekit.toml": TOML}) / "livekit.toml"
    path.chmod(0o640)
    write_project_file(path, subdomain="demo-2", agent_id="CA_new")
    expected = TOML.replace("demo-a1b2c3", "demo-2").replace("CA_p7KxWmR3sVbQ", "CA_new")
    assert path.read_text() == expected
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [found.name for found in tmp_path.iterdir()] == ["livekit.toml"]


def test_a_new_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "livekit.toml"
    write_project_file(path, subdomain='a"b', agent_id="CA_x")
    assert path.read_text() == '[project]\nsubdomain = "a\\"b"\n\n[agent]\nid = "CA_x"\n'
    assert read_project_file(path) == LivekitToml('a"b', "CA_x")


@pytest.mark.parametrize(
    "text",
    [
        'project = {subdomain = "x"}\nagent = {id = "y"}\n',
        '[project]\nsubdomain = "x"\n[other]\nz = 1\n[agent]\n[project.more]\ny = 1\n',
        '\ufeff[project]\r\nsubdomain = "x"\r\n',
        "",
        "agent.id = 'y'\n",
        '[Project]\nSubdomain = "x"\n[Agent]\nID = "y"\n',
    ],
)
def test_unusual_forms_are_changed_in_place(tmp_path: Path, text: str) -> None:
    path = grow(tmp_path, {"livekit.toml": text}) / "livekit.toml"
    write_project_file(path, subdomain="demo-2", agent_id="CA_new")
    assert read_project_file(path) == LivekitToml("demo-2", "CA_new")
    assert path.read_bytes().startswith("\ufeff".encode()) is text.startswith("\ufeff")


def test_the_old_form_comes_out_as_the_new(tmp_path: Path) -> None:
    text = '# mine\nproject_subdomain = "old"\n\n[agent]\nname = "x"\n'
    path = grow(tmp_path, {"livekit.toml": text}) / "livekit.toml"
    write_project_file(path, subdomain="old", agent_id="CA_x")
    assert read_project_file(path) == LivekitToml("old", "CA_x")
    assert "# mine" in path.read_text() and 'name = "x"' in path.read_text()


def test_a_file_in_two_spellings_is_not_written(tmp_path: Path) -> None:
    path = grow(tmp_path, {"livekit.toml": 'Project_Subdomain = "a"\nproject_subdomain = "b"\n[project]\n'})
    with pytest.raises(ProjectError, match="project_subdomain is there twice"):
        write_project_file(path / "livekit.toml", subdomain="s", agent_id="CA_x")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    grow(tmp_path, {"real.toml": TOML})
    (tmp_path / "livekit.toml").symlink_to("real.toml")
    write_project_file(tmp_path / "livekit.toml", subdomain="demo-2", agent_id="CA_new")
    assert (tmp_path / "livekit.toml").is_symlink()
    assert read_project_file(tmp_path / "real.toml") == LivekitToml("demo-2", "CA_new")


def test_a_file_that_cannot_be_written_is_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="was not saved: no such file or directory; it is as it was"):
        write_project_file(tmp_path / "gone" / "livekit.toml", subdomain="s", agent_id="CA_x")
