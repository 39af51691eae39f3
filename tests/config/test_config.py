"""Configuration: which project, from where, under which locks; and which files may say so."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.config import ConfigError, Flags, Places, Settings, StateDir, load, load_for, state_dir
from tui.config.address import agents_url, http_url, is_loopback
from tui.config.projects import NO_KEYS, PROJECT_KEYS
from tui.config.settings import SETTINGS_KEYS
from tui.project import Project
from tui.record_options import RecordOptions

SECRET = "canary-0123456789-0123456789-0123456789"
OTHER = "second-0123456789-0123456789-0123456789"


@dataclass
class Machine:
    """An operator's home directory, environment and working directory."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.home / ".config" / "lktop" / "config.toml"

    @property
    def lk_file(self) -> Path:
        return self.home / ".livekit" / "cli-config.yaml"

    @property
    def work(self) -> Path:
        return self.home / "work"

    def own(self, text: str | bytes, mode: int = 0o600) -> None:
        self.put(self.config, text, mode)

    def lk(self, *names: str, default: str = "", mode: int = 0o600) -> None:
        rows = [
            f"  - name: {n}\n    url: wss://{n}.livekit.cloud\n    api_key: APIlk\n    api_secret: {OTHER}\n"
            for n in names
        ]
        self.put(self.lk_file, f"default_project: '{default}'\nprojects:\n{''.join(rows)}", mode)

    def toml(self, text: str) -> None:
        self.put(self.work / "livekit.toml", text, 0o644)

    def export(self, url: str = "", key: str = "APIenv", secret: str = SECRET) -> None:
        self.environ.update(LIVEKIT_API_KEY=key, LIVEKIT_API_SECRET=secret)
        if url:
            self.environ["LIVEKIT_URL"] = url

    def load(self, **flags: object) -> Settings:
        known = Flags(working_dir=str(self.work))
        return load(Flags(**{**vars(known), **flags}), self.environ)

    def project(self, **flags: object) -> Project:
        """The project that is watched; there has to be one."""
        found = self.load(**flags).project
        assert found is not None
        return found

    def put(self, path: Path, text: str | bytes, mode: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)


@pytest.fixture
def machine(still_environment: Path) -> Machine:
    made = Machine(still_environment, {"HOME": str(still_environment)})
    made.work.mkdir()
    return made


@pytest.fixture
def in_time() -> Iterator[None]:
    """Turn a read that waits for ever into a failure."""
    signal.alarm(5)
    yield
    signal.alarm(0)


def section(name: str, url: str = "", more: str = "", secret: str = SECRET) -> str:
    """A complete [projects.NAME] table."""
    url = url or f"wss://{name}.livekit.cloud"
    return f'[projects.{name}]\nurl = "{url}"\napi_key = "APIown"\napi_secret = "{secret}"\n{more}\n'


# addresses


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("wss://p.livekit.cloud", "https://p.livekit.cloud"),
        ("WSS://P.LiveKit.cloud/", "https://p.livekit.cloud"),
        ("wss://p.livekit.cloud.", "https://p.livekit.cloud"),
        ("https://p.livekit.cloud:443", "https://p.livekit.cloud"),
        ("https://host.example:8443/livekit/", "https://host.example:8443/livekit"),
        ("ws://localhost:7880", "http://localhost:7880"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("http://[::1]:7880", "http://[::1]:7880"),
        ("https://10.0.0.1", "https://10.0.0.1"),
    ],
)
def test_an_address_is_used_as_http(written: str, used: str) -> None:
    assert http_url(written, "url") == used


@pytest.mark.parametrize(
    "written",
    [
        "http://p.livekit.cloud",
        "ws://10.0.0.1:7880",
        "http://0.0.0.0:7880",
        "http://127.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://[::2]",
        "ftp://p.livekit.cloud",
        "p.livekit.cloud",
        "https://:443",
        "https://user:pass@p.livekit.cloud",
        "https://p.livekit.cloud@evil.example",
        "https://p.livekit.cloud?x=1",
        "https://p.livekit.cloud#x",
        "https://p.livekit.cloud\\@evil.example",
        "https://p.livekit.cloud\n",
        " https://p.livekit.cloud",
        "https://p\t.livekit.cloud",
        "https://p.livekit.cloud:99999",
        "https://p.livekit.cloud:0",
        "https://[::1",
        "https://p..livekit.cloud",
        "https://пример.example",
        "https://p.livekit.cloud/../x",
        "https://p.livekit.cloud/%2e",
    ],
)
def test_an_address_that_must_not_see_a_token_is_refused_unquoted(written: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        http_url(written, "the field")
    assert str(refusal.value).startswith("the field: ")
    assert written.strip() not in str(refusal.value)


@given(st.one_of(st.text(), st.from_regex(r"(https?|wss?)://[\w.@:\[\]\\/?#%-]{0,40}")))
def test_whatever_is_accepted_is_tls_or_loopback_and_means_one_host(written: str) -> None:
    try:
        used = http_url(written, "url")
    except ConfigError:
        return
    assert used.startswith("https://") or is_loopback(used)
    assert not set("@?#\\ ") & set(used)
    assert http_url(used, "url") == used


@pytest.mark.parametrize(
    ("project", "agents"),
    [
        ("https://p.livekit.cloud", "https://agents.livekit.cloud"),
        ("https://p.staging.livekit.cloud", "https://agents.staging.livekit.cloud"),
        ("https://p.livekit.cloud:8443/x", "https://agents.livekit.cloud:8443/x"),
        ("http://localhost:7880", "http://localhost:7880"),
        ("http://127.0.0.1:7880", "http://127.0.0.1:7880"),
        ("https://10.1.2.3", "https://10.1.2.3"),
        ("http://[::1]:7880", "http://[::1]:7880"),
        ("https://livekit", "https://livekit"),
        # one label up belongs to somebody else
        ("https://example.com", "https://example.com"),
        ("https://example.co.uk", "https://example.co.uk"),
        ("https://livekit.example.co.uk", "https://agents.example.co.uk"),
    ],
)
def test_the_agents_host_follows_from_the_project(project: str, agents: str) -> None:
    assert agents_url(project) == agents


def test_the_agents_host_of_flag_file_and_environment(machine: Machine) -> None:
    machine.own(section("prod", more='agents_url = "https://agents.example.org/"'))
    project = machine.project(project="prod")
    assert (project.url, project.agents_url) == ("https://prod.livekit.cloud", "https://agents.example.org")
    machine.environ["LK_AGENTS_URL"] = "http://127.0.0.1:7881"
    settings = machine.load(project="prod")
    assert settings.project is not None
    assert settings.project.agents_url == "http://127.0.0.1:7881"
    assert any("127.0.0.1:7881" in notice for notice in settings.notices)
    machine.environ["LK_AGENTS_URL"] = "http://agents.example.org"
    with pytest.raises(ConfigError, match="LK_AGENTS_URL"):
        machine.load(project="prod")


# which project


def test_the_order_in_which_sources_are_asked(machine: Machine) -> None:
    machine.own('default_project = "own"\n' + section("own") + section("flagged"))
    machine.lk("matched", "lkdefault", default="lkdefault")
    machine.toml('[project]\nsubdomain = "matched"\n[agent]\nid = "CA_x"\n')
    machine.export("wss://exported.livekit.cloud")

    def chosen(**flags: object) -> tuple[str, str]:
        project = machine.project(**flags)
        assert project is not None
        return project.name, project.source

    assert chosen(project="flagged") == ("flagged", "flag --project")
    machine.export("wss://exported.livekit.cloud")
    words = "environment (LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)"
    assert chosen() == ("exported", words)
    machine.environ.clear()
    machine.environ["HOME"] = str(machine.home)
    assert chosen() == ("own", "default_project of config.toml")
    machine.own(section("own"))
    assert chosen() == ("matched", "livekit.toml in ~/work")
    assert machine.load().agent_id == "CA_x"
    (machine.work / "livekit.toml").unlink()
    assert chosen() == ("lkdefault", "lk default project")
    machine.lk("matched", "lkdefault")
    settings = machine.load()
    assert settings.project is None
    assert {project.name for project in settings.projects} == {"own", "matched", "lkdefault"}


def test_a_single_known_project_is_not_chosen_by_itself(machine: Machine) -> None:
    machine.lk("only")
    settings = machine.load()
    assert settings.project is None
    assert [project.name for project in settings.projects] == ["only"]


def test_a_mistyped_project_is_an_error_with_the_nearest_name(machine: Machine) -> None:
    machine.lk("prod-eu", "prod-us", default="prod-eu")
    with pytest.raises(ConfigError, match=r"did you mean prod-eu\?; known: prod-eu, prod-us"):
        machine.load(project="prod-eo")


def test_a_project_of_a_file_that_is_refused_is_missed_for_that_reason(machine: Machine) -> None:
    own = '[projects.prod]\nurl = "https://p.livekit.cloud"\napi_key = "k"\napi_secret = "s"\n'
    machine.own(own, mode=0o644)
    with pytest.raises(ConfigError, match=rf"--project prod: .*chmod 600 {machine.config}"):
        machine.load(project="prod")


@pytest.mark.parametrize("default", ["own", "lk"])
def test_a_default_that_does_not_exist_leads_to_the_chooser_not_to_another_project(
    machine: Machine, default: str
) -> None:
    if default == "own":
        machine.own('default_project = "gone"\n')
    machine.lk("other", default="gone" if default == "lk" else "other")
    settings = machine.load()
    assert settings.project is None
    assert any("'gone' is not among the known projects; choose one" in notice for notice in settings.notices)


def test_a_url_flag_takes_the_credentials_known_for_it(machine: Machine) -> None:
    machine.lk("prod", "test")
    project = machine.project(url="https://test.livekit.cloud/")
    assert (project.name, project.api_key) == ("test", "APIlk")
    with pytest.raises(ConfigError, match=r"no credentials for else\.livekit\.cloud"):
        machine.load(url="wss://else.livekit.cloud")
    machine.export("wss://prod.livekit.cloud")
    project = machine.project(url="wss://else.livekit.cloud")
    assert (project.url, project.api_key) == ("https://else.livekit.cloud", "APIenv")
    assert project.source == "flag --url, credentials from the environment"


def test_a_url_flag_moves_a_named_project_with_its_agent_calls(machine: Machine) -> None:
    machine.own(section("prod", more='agents_url = "https://agents.example.org"') + section("test"))
    project = machine.project(project="prod", url="wss://test.livekit.cloud")
    assert project.url == "https://test.livekit.cloud"
    assert project.agents_url == "https://agents.livekit.cloud"


def test_environment_without_url_means_the_local_server(machine: Machine) -> None:
    machine.export()
    project = machine.project()
    assert (project.url, project.name) == ("http://localhost:7880", "localhost:7880")
    assert project.source == "environment (LIVEKIT_API_KEY, LIVEKIT_API_SECRET)"


def test_half_a_key_pair_in_the_environment_is_not_used_and_said(machine: Machine) -> None:
    machine.lk("prod", default="prod")
    machine.environ.update(LIVEKIT_URL="wss://x.livekit.cloud", LIVEKIT_API_KEY="APIx")
    settings = machine.load()
    assert settings.project is not None
    assert settings.project.name == "prod"
    assert "LIVEKIT_URL and LIVEKIT_API_KEY set without LIVEKIT_API_SECRET: not used" in settings.notices


def test_the_secret_leaves_the_environment_even_when_it_is_refused(machine: Machine) -> None:
    machine.export("wss://p.livekit.cloud", secret="has a space in it")
    with pytest.raises(ConfigError):
        machine.load()
    assert "LIVEKIT_API_SECRET" not in machine.environ


def test_the_demo_takes_the_secret_of_others_out_of_the_environment_too(machine: Machine) -> None:
    machine.own(section("prod"))
    (project,) = machine.load().projects
    machine.export("wss://p.livekit.cloud")
    load_for(project, Flags(), machine.environ)
    assert "LIVEKIT_API_SECRET" not in machine.environ


# livekit.toml


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        (
            '[project]\nsubdomain = "gone"\n[agent]\nid = "CA_x"',
            "'gone': no known project matches; choose one",
        ),
        ('[project]\nsubdomain = "twin"\n[agent]\nid = "CA_x"', "several known projects match; choose one"),
        ("[project\n", "livekit.toml:1:9: not valid TOML: Unexpected character"),
    ],
)
def test_a_project_file_that_cannot_be_followed_stops_at_the_chooser(
    machine: Machine, text: str, notice: str
) -> None:
    machine.own(section("a", "wss://twin.livekit.cloud") + section("b", "wss://twin.example.org"))
    machine.lk("other", default="other")
    machine.toml(text)
    settings = machine.load()
    assert settings.project is None
    assert any(notice in line for line in settings.notices)


def test_a_project_file_of_the_old_format_still_names_the_project(machine: Machine) -> None:
    machine.lk("demo")
    machine.toml('project_subdomain = "demo"\n[agent]\nname = "x"\n')
    settings = machine.load()
    assert settings.project is not None
    assert settings.project.name == "demo"
    assert settings.agent_id == ""
    assert any("old format" in notice for notice in settings.notices)


@pytest.mark.parametrize(
    "text",
    [
        'project_subdomain = "beta"\n[project]\nsubdomain = "alpha"\n[agent]\nid = "CA_alpha"\n',
        '[Project]\nSubdomain = "alpha"\n[Agent]\nID = "CA_alpha"\n',
        'project = {\n  subdomain = "alpha",\n}\nagent = { id = "CA_alpha" }\n',
        '[project]\nsubdomain = "ALPHA"\n[agent]\nid = "CA_alpha"\n',
        '\ufeff[project]\r\nsubdomain = "alpha"\r\n[agent]\r\nid = "CA_alpha"\r\n',
    ],
    ids=[
        "old key beside the new table",
        "keys in capitals",
        "TOML 1.1",
        "a host in capitals",
        "BOM and CRLF",
    ],
)
def test_a_project_file_means_what_it_means_to_lk(machine: Machine, text: str) -> None:
    machine.lk("alpha", "beta", default="beta")
    machine.toml(text)
    settings = machine.load()
    assert settings.project is not None
    assert (settings.project.name, settings.agent_id) == ("alpha", "CA_alpha")


def test_a_project_file_with_a_wrong_type_stops_at_the_chooser(machine: Machine) -> None:
    machine.lk("prod", default="prod")
    machine.toml("[project]\nsubdomain = 3\n")
    settings = machine.load()
    assert settings.project is None
    assert any("livekit.toml: subdomain must be a text in quotes" in notice for notice in settings.notices)


@pytest.mark.parametrize(
    ("text", "agent"),
    [('[agent]\n  id = "CA_alpha"\n', "CA_alpha"), ("other = 1\n", ""), ("", ""), ("[project]\n", "")],
    ids=["only an agent", "nothing known", "empty", "a table without its key"],
)
def test_a_project_file_without_project_ends_the_search(machine: Machine, text: str, agent: str) -> None:
    machine.lk("prod", default="prod")
    machine.toml(text)
    settings = machine.load()
    assert (settings.project, settings.agent_id) == (None, agent)
    assert any("has no [project] with a subdomain: neither it" in notice for notice in settings.notices)
    assert any("has no [agent]" in notice for notice in settings.notices) is not bool(agent)
    machine.export("wss://p.livekit.cloud")
    assert machine.project().source.startswith("environment"), "what comes before it is asked as ever"


def test_a_key_in_two_spellings_names_nothing(machine: Machine) -> None:
    machine.lk("alpha", "beta", default="beta")
    machine.toml('[project]\nsubdomain = "alpha"\nSubdomain = "beta"\n')
    settings = machine.load()
    assert settings.project is None
    assert any(
        "subdomain is there twice, as subdomain and Subdomain: remove one" in n for n in settings.notices
    )


def test_the_project_file_of_the_named_directory_counts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.lk("here", "there")
    machine.toml('[project]\nsubdomain = "there"\n[agent]\nid = "CA_there"')
    monkeypatch.chdir(machine.home)
    (machine.home / "livekit.toml").write_text('[project]\nsubdomain = "here"\n[agent]\nid = "CA_here"')
    assert machine.project().name == "there"
    assert machine.project(working_dir="").name == "here"
    with pytest.raises(ConfigError, match="no such directory"):
        machine.load(working_dir="nowhere")
    with pytest.raises(ConfigError, match="~nobody-of-that-name: no such directory"):
        machine.load(working_dir="~nobody-of-that-name")


def test_a_project_is_offered_once_and_one_with_another_api_key_is_another(machine: Machine) -> None:
    machine.own(section("prod"))
    assert [item.api_key for item in machine.load(project="prod").projects] == ["APIown"]
    machine.export("https://prod.livekit.cloud/")
    assert [item.api_key for item in machine.load().projects] == ["APIenv", "APIown"]


# locks


def test_locks_hold_for_the_address_whoever_signs(machine: Machine) -> None:
    machine.own(section("prod", more="danger = true\nread_only = true\nrequests_per_minute = 20"))
    machine.export("https://prod.livekit.cloud/")
    project = machine.project()
    assert (project.name, project.api_key) == ("prod", "APIenv")
    assert project.danger and project.read_only and project.requests_per_minute == 20
    machine.own(section("alias", "wss://prod.livekit.cloud") + section("prod", more="danger = true"))
    machine.export("https://prod.livekit.cloud/")
    assert machine.project().danger, "of two names for one address, one being locked is enough"
    machine.own(section("main", "wss://prod.livekit.cloud", "danger = true"))
    machine.lk("prod")
    assert machine.project(project="prod").danger
    machine.own(section("main", "wss://prod.livekit.cloud", "danger = true") + section("test"))
    assert machine.project(project="test", url="wss://prod.livekit.cloud").danger
    assert not machine.project(project="test").danger


def test_a_section_without_key_pair_adds_to_lk(machine: Machine) -> None:
    machine.lk("prod")
    machine.own("[projects.prod]\ndanger = true\ntheme = 'contrast'\n")
    project = machine.project(project="prod")
    assert (project.api_key, project.danger, project.theme) == ("APIlk", True, "contrast")
    assert not machine.load().notices[1:], "no further notice"


def test_a_section_without_key_pair_waits_for_the_environment(machine: Machine) -> None:
    machine.own('[projects.prod]\nurl = "wss://p.livekit.cloud"\ndanger = true\n')
    assert machine.load().notices == ()
    with pytest.raises(ConfigError, match="--project prod: no credentials"):
        machine.load(project="prod")
    machine.export("wss://else.livekit.cloud")
    project = machine.project(project="prod")
    assert (project.name, project.url, project.danger) == ("prod", "https://p.livekit.cloud", True)


def test_a_broken_section_hides_lks_project_and_locks_its_address(machine: Machine) -> None:
    machine.lk("prod", "prod2", default="prod")
    machine.own(
        '[projects.prod]\nurl = "wss://prod2.livekit.cloud"\ndanger = "yes"\n',
    )
    settings = machine.load()
    assert settings.project is None
    assert [project.name for project in settings.projects] == ["prod2"]
    assert settings.projects[0].read_only and settings.projects[0].danger
    expected = f"{machine.config}:3: [projects.prod] danger: must be true or false; the project is left out"
    assert expected in settings.notices
    with pytest.raises(ConfigError, match="danger: must be true or false"):
        machine.load(project="prod")


def test_the_sessions_lock_is_in_every_project(machine: Machine) -> None:
    machine.lk("a", "b", default="a")
    assert all(project.read_only for project in machine.load(read_only=True).projects)
    assert not any(project.read_only for project in machine.load().projects)
    for text in ("read_only = true", "read_only = 'maybe'"):
        machine.own(text)
        settings = machine.load()
        assert settings.read_only and all(project.read_only for project in settings.projects)


# credentials


MALFORMED = (
    " ",
    "with space 0123456789 0123456789",
    "line\n0123456789012345678901234",
    "nö-01234567890123456789012345",
)


@pytest.mark.parametrize("bad", ["", *MALFORMED])
@pytest.mark.parametrize("name", ["api_key", "api_secret"])
@pytest.mark.parametrize("source", ["own", "lk"])
def test_a_malformed_credential_in_a_file_is_refused_by_name_and_never_shown(
    machine: Machine, bad: str, name: str, source: str
) -> None:
    pair = {"url": "wss://p.livekit.cloud", "api_key": "APIkey", "api_secret": SECRET} | {name: bad}
    if source == "own":
        machine.own("[projects.p]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in pair.items()))
    else:
        rows = "".join(f"    {k}: {json.dumps(v)}\n" for k, v in pair.items())
        machine.put(machine.lk_file, f"projects:\n  - name: p\n{rows}", 0o600)
    settings = machine.load()
    assert settings.projects == ()
    (said,) = settings.notices
    assert f"{name}: " in said
    assert SECRET not in said and not (bad.strip() and bad in said)


@pytest.mark.parametrize("bad", MALFORMED)
@pytest.mark.parametrize("name", ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"])
def test_a_malformed_exported_credential_is_refused_by_name_and_never_shown(
    machine: Machine, bad: str, name: str
) -> None:
    machine.export("wss://p.livekit.cloud")
    machine.environ[name] = bad
    with pytest.raises(ConfigError) as refusal:
        machine.load()
    assert str(refusal.value).startswith(f"{name}: ")
    assert SECRET not in str(refusal.value) and not (bad.strip() and bad in str(refusal.value))


@pytest.mark.parametrize(
    ("secret", "url", "usable", "warned"),
    [
        ("secret", "ws://localhost:7880", True, False),
        ("12345678", "wss://p.livekit.cloud", False, False),
        ("x" * 31, "wss://p.livekit.cloud", True, True),
        ("x" * 32, "wss://p.livekit.cloud", True, False),
    ],
)
def test_short_secrets(machine: Machine, secret: str, url: str, usable: bool, warned: bool) -> None:
    machine.own('default_project = "p"\n' + section("p", url, secret=secret))
    settings = machine.load()
    assert (settings.project is not None) == usable
    assert any("which is weak" in notice for notice in settings.notices) == warned


def test_nothing_that_can_be_printed_holds_the_secret(machine: Machine) -> None:
    machine.own('default_project = "prod"\n' + section("prod"))
    settings = machine.load()
    assert settings.project is not None
    assert settings.project.api_secret.reveal() == SECRET
    assert SECRET not in repr(settings) + str(settings.project) + f"{settings.project!r}"
    assert "APIown" not in repr(settings)


# files


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o660, 0o604])
def test_a_file_open_to_others_is_refused_with_the_command_to_run(machine: Machine, mode: int) -> None:
    machine.own(section("prod"), mode)
    machine.lk("other", default="other")
    settings = machine.load()
    assert f"chmod 600 {machine.config}" in settings.notices[0]
    # what it would have locked is unknown
    assert settings.project is None and settings.read_only
    with pytest.raises(ConfigError, match="chmod 600"):
        machine.load(config=str(machine.config))


def test_a_foreign_file_is_refused_lks_too(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.own(section("prod"))
    machine.lk("other", default="other")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    settings = machine.load()
    assert settings.projects == ()
    for path in (machine.config, machine.lk_file):
        assert any(f"chown {me + 1} {path}" in notice for notice in settings.notices)


@pytest.mark.parametrize("kind", ["link", "dangling", "directory", "fifo", "socket"])
@pytest.mark.usefixtures("in_time")
def test_what_is_no_regular_file_is_refused_without_waiting(machine: Machine, kind: str) -> None:
    machine.config.parent.mkdir(parents=True)
    target = machine.home / "real.toml"
    if kind == "link":
        target.write_text(section("prod"))
        target.chmod(0o600)
    if kind in ("link", "dangling"):
        machine.config.symlink_to(target)
    elif kind == "directory":
        machine.config.mkdir()
    elif kind == "fifo":
        os.mkfifo(machine.config, 0o600)
    else:
        os.mknod(machine.config, stat.S_IFSOCK | 0o600)
    settings = machine.load()
    assert settings.projects == () and settings.read_only
    assert str(machine.config) in settings.notices[0]


def test_a_loose_file_of_lk_is_used_and_pointed_out(machine: Machine) -> None:
    machine.lk("prod", default="prod", mode=0o644)
    settings = machine.load()
    assert settings.project is not None
    assert settings.project.name == "prod"
    assert any(f"chmod 600 {machine.lk_file}" in notice for notice in settings.notices)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"theme = \n", ":1:9: not valid TOML"),
        (b"theme = 'dark", ":1:1: not valid TOML"),
        (b"[projects.a]\n[projects.a]\n", ":2:"),
        (b"theme = 'dark'\nname = '\xff'\n", ":2:9: not UTF-8 text"),
        (b"x = " + b"[" * 100_000, ": nested too deeply"),
        (b"x = " + b"9" * 5_000, "not valid TOML"),
        (b"#" * (1 << 20) + b"\n", ": larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_place_and_left_alone(
    machine: Machine, text: bytes, said: str
) -> None:
    machine.own(text)
    settings = machine.load()
    assert said in settings.notices[0]
    assert str(machine.config) in settings.notices[0] and "\n" not in settings.notices[0]
    assert settings.read_only and settings.project is None
    assert machine.config.read_bytes() == text
    machine.export("wss://p.livekit.cloud")
    assert machine.project().read_only, "exported credentials still start, locked"


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_byte_order_mark_and_line_endings_are_accepted(machine: Machine, ending: bytes) -> None:
    machine.own(b"\xef\xbb\xbftheme = 'light'" + ending + b"refresh = 5" + ending)
    settings = machine.load()
    assert (settings.theme, settings.refresh, settings.notices) == ("light", 5.0, ())


@pytest.mark.parametrize(
    "text",
    [f"projects: [\n  {SECRET}", f"projects:\n  - *{SECRET}\n", f"a: b\n - {SECRET}: : :\n", f"{SECRET}\x00"],
)
def test_a_broken_file_of_lk_is_named_without_its_text(machine: Machine, text: str) -> None:
    machine.put(machine.lk_file, text, 0o600)
    (notice,) = machine.load().notices
    assert f"lk's projects are not used: {machine.lk_file}" in notice
    assert "canary" not in notice


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "default_project: prod\nprojects: []\ndefault_project: other\n",
            ":3:1: default_project is there twice",
        ),
        ("projects:\n  prod:\n    url: x\n", ":2:3: projects must be a list"),
        ("projects: []\n".encode("utf-16"), ": is UTF-16; save it as UTF-8"),
    ],
    ids=["a key twice", "projects by name", "UTF-16"],
)
def test_a_list_of_lk_that_lk_refuses_or_misses_is_not_used(
    machine: Machine, text: str | bytes, said: str
) -> None:
    machine.put(machine.lk_file, text, 0o600)
    settings = machine.load()
    assert (
        settings.projects == () and f"lk's projects are not used: {machine.lk_file}{said}" in settings.notices
    )


def test_lks_numbers_are_text_and_duplicates_are_said(machine: Machine) -> None:
    row = f"  - name: 007\n    url: wss://p.livekit.cloud\n    api_key: 0123\n    api_secret: '{SECRET}'\n"
    machine.put(machine.lk_file, "default_project: 007\nprojects:\n" + row * 2, 0o600)
    settings = machine.load()
    assert settings.project is not None
    assert (settings.project.name, settings.project.api_key) == ("007", "0123")
    assert any("twice" in notice for notice in settings.notices)


def test_unknown_keys_are_pointed_out_with_the_nearest(machine: Machine) -> None:
    machine.own("refrsh = 3\n" + section("prod", more="poxy = 'x'"))
    settings = machine.load()
    assert set(settings.notices) == {
        f"{machine.config}:1: refrsh: is not a key of lktop; ignored; did you mean refresh?",
        f"{machine.config}:6: [projects.prod] poxy: is not a key of lktop; ignored; did you mean proxy?",
    }
    assert [project.name for project in settings.projects] == ["prod"]


def test_a_mistyped_lock_is_not_just_ignored(machine: Machine) -> None:
    machine.own(section("prod", more="read_olny = true") + section("main", "wss://prod.livekit.cloud"))
    settings = machine.load()
    assert [(project.name, project.read_only) for project in settings.projects] == [("main", True)]
    assert any("did you mean read_only?; the project is left out" in notice for notice in settings.notices)
    machine.own("readonly = true\n" + section("prod"))
    assert machine.load().projects[0].read_only


# the look


@pytest.mark.parametrize("value", ["0", "0.1", "nan", "inf", "'fast'", "true", "99999"])
def test_a_refresh_out_of_range_falls_back_and_is_said(machine: Machine, value: str) -> None:
    machine.own(f"refresh = {value}")
    settings = machine.load()
    assert settings.refresh == 2.0
    assert any(":1: refresh: must be a number from 0.5 to 3600" in notice for notice in settings.notices)


def test_flags_beat_the_file(machine: Machine) -> None:
    machine.own(
        "refresh = 9\ntheme = 'light'\nlow_bandwidth = true\nmouse = false\nascii = true\n"
        + section("prod", more="theme = 'red'")
    )
    settings = machine.load(project="prod")
    assert settings.project is not None
    assert (settings.refresh, settings.theme, settings.project.theme) == (9.0, "light", "red")
    assert (settings.low_bandwidth, settings.mouse, settings.ascii) == (True, False, True)
    settings = machine.load(
        project="prod", refresh=3.0, theme="mono", low_bandwidth=False, mouse=True, ascii=False
    )
    assert settings.project is not None
    assert (settings.refresh, settings.theme, settings.project.theme) == (3.0, "mono", "")
    assert (settings.low_bandwidth, settings.mouse, settings.ascii) == (False, True, False)


def test_logs_on_disk_are_sized_and_kept_as_the_file_says(machine: Machine) -> None:
    assert (machine.load().log_mib, machine.load().log_days) == (64.0, 0.0)
    machine.own("log_mib = 256\nlog_days = 7\n")
    assert (machine.load().log_mib, machine.load().log_days) == (256.0, 7.0)
    machine.own("log_mib = 0\nlog_days = -1\n")
    settings = machine.load()
    assert (settings.log_mib, settings.log_days) == (64.0, 0.0)
    assert any(":1: log_mib: must be a number from 1 to 4096" in notice for notice in settings.notices)
    assert any(":2: log_days: must be a number from 0 to 365" in notice for notice in settings.notices)


def test_the_mouse_is_the_terminals_over_ssh(machine: Machine) -> None:
    assert machine.load().mouse
    machine.environ["SSH_CONNECTION"] = "10.0.0.1 22 10.0.0.2 22"
    assert not machine.load().mouse
    machine.own("mouse = true")
    assert machine.load().mouse


def test_proxy_and_authority_are_explicit_and_checked(machine: Machine) -> None:
    machine.own(section("p", more='proxy = "http://proxy.example:3128"'))
    assert machine.project(project="p").proxy == "http://proxy.example:3128"
    for more, said in (
        ('proxy = "http://user:pass@proxy.example"', "proxy: must hold no user"),
        ('ca_file = "missing.pem"', "ca_file: is not a readable file"),
        ('ca_file = "~nobody-of-that-name/a.pem"', "ca_file: is not a readable file"),
        ('ca_file = "config.toml"', "ca_file: is not a readable file"),
    ):
        machine.own(section("p", more=more))
        with pytest.raises(ConfigError, match=said) as refusal:
            machine.load(project="p")
        assert "user:pass" not in str(refusal.value)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": ""}, ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "HTTPS_PROXY"),
        ({"https_proxy": "http://127.0.0.1:9", "NO_PROXY": "example.org, ivekit.cloud"}, "https_proxy"),
        ({"all_proxy": "socks5://127.0.0.1:9"}, "all_proxy"),
        ({"HTTP_PROXY": "http://127.0.0.1:9"}, ""),  # nothing goes in clear but to this machine
        ({"HTTPS_PROXY": "x", "NO_PROXY": "*"}, ""),
        ({"HTTPS_PROXY": "x", "no_proxy": "localhost,.LiveKit.cloud"}, ""),
        ({"HTTPS_PROXY": "x", "no_proxy": "p.livekit.cloud"}, ""),
    ],
)
def test_a_proxy_of_the_environment_that_is_not_used_is_known(
    machine: Machine, environ: dict[str, str], named: str
) -> None:
    machine.lk("p", default="p")
    machine.environ.update(environ)
    assert machine.project().unused_proxy == named
    machine.own("[projects.p]\nproxy = 'http://proxy.example:3128'\n")
    assert machine.project().unused_proxy == "", "one is used"
    machine.export("ws://localhost:7880")
    assert machine.project().unused_proxy == "", "this machine is reached without one"


def test_a_missing_file_is_fine_unless_it_was_named(machine: Machine) -> None:
    assert machine.load().notices == ()
    with pytest.raises(ConfigError, match=r"--config .*: no such file"):
        machine.load(config=str(machine.home / "none.toml"))
    with pytest.raises(ConfigError, match=r"--config .*~nobody-of-that-name/x: no such file"):
        machine.load(config="~nobody-of-that-name/x")


@pytest.mark.parametrize(("table", "known"), [("settings", SETTINGS_KEYS), ("project", PROJECT_KEYS)])
def test_the_readme_names_every_key(table: str, known: tuple[str, ...]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = readme.split(f"<!-- {table} -->")[1].split(f"<!-- /{table} -->")[0].strip().splitlines()[2:]
    named = [key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(known)


# directories and writing


def test_places_follow_xdg_and_ignore_relative_paths() -> None:
    places = Places.of({"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative"})
    assert places.config == Path("/c/lktop/config.toml")
    assert places.state == Path("/h/.local/state/lktop")
    assert places.show(Path("/h/x")) == "~/x" and places.show(Path("/c/x")) == "/c/x"


def test_the_state_directory_is_private(machine: Machine) -> None:
    usual = machine.home / ".local" / "state" / "lktop"
    usual.mkdir(parents=True)
    usual.chmod(0o755)
    assert state_dir(machine.environ) == StateDir(usual)
    assert stat.S_IMODE(usual.stat().st_mode) == 0o700


@pytest.mark.parametrize("fault", ["no directory", "planted link"])
def test_without_a_state_directory_a_volatile_one_is_used_and_said(machine: Machine, fault: str) -> None:
    usual, target = machine.home / ".local" / "state" / "lktop", machine.home / "elsewhere"
    target.mkdir()
    if fault == "no directory":
        (machine.home / ".local").write_text("")
    else:
        usual.parent.mkdir(parents=True)
        usual.symlink_to(target)
    machine.environ["XDG_RUNTIME_DIR"] = str(machine.home / "run")
    found = state_dir(machine.environ)
    assert found.path == machine.home / "run" / "lktop"
    assert "until reboot" in found.notice and "~/.local/state/lktop" in found.notice
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o700
    assert list(target.iterdir()) == []


def test_a_foreign_state_directory_is_not_used(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = machine.home / ".local" / "state" / "lktop"
    usual.mkdir(parents=True)
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    found = state_dir(machine.environ)
    try:
        assert found.path.parent == Path(tempfile.gettempdir()) and "belongs to somebody else" in found.notice
        assert stat.S_IMODE(found.path.stat().st_mode) == 0o700
    finally:
        found.path.rmdir()


# projects of lk without keys

SIGNED_IN = """
default_project: voice
default_user: u_1
projects: []
users:
  - id: u_1
    session_token: eyJhbGciOiJIUzI1NiJ9.canary.x
    projects:
      - project_id: p_1
        name: Voice App
        alias: voice
        subdomain: voice-ab12
      - project_id: p_2
        url: wss://two.livekit.cloud
"""
PLACEHOLDERS = ("<api-key>", "APIxxxxxxxxxxxx", "****", "placeholder", "user-auth", "YOUR_API_KEY")


def test_projects_of_a_user_that_is_signed_in_to_lk_say_what_is_missing(machine: Machine) -> None:
    machine.put(machine.lk_file, SIGNED_IN, 0o600)
    settings = machine.load()
    assert settings.project is None and settings.projects == ()
    assert f"lk default project 'voice': {NO_KEYS}; choose one" in settings.notices
    assert f"project voice: {NO_KEYS}" in settings.notices
    assert "the same holds for 1 more of lk's projects" in settings.notices
    assert not any("canary" in notice for notice in settings.notices)
    with pytest.raises(ConfigError, match="--project p_2: lk keeps no API key for it"):
        machine.load(project="p_2")
    machine.put(machine.work / "livekit.toml", '[project]\nsubdomain = "voice-ab12"\n', 0o644)
    assert any("'voice-ab12': lk keeps no API key" in notice for notice in machine.load().notices)


def test_keys_from_elsewhere_open_a_project_that_lk_has_none_for(machine: Machine) -> None:
    machine.put(machine.lk_file, SIGNED_IN, 0o600)
    machine.export()
    project = machine.project(project="voice")
    assert (project.url, project.api_key) == ("https://voice-ab12.livekit.cloud", "APIenv")


def test_who_has_keys_of_his_own_is_not_told_of_those_that_lk_lacks(machine: Machine) -> None:
    machine.put(machine.lk_file, SIGNED_IN.replace("default_project: voice", ""), 0o600)
    machine.own(section("mine"))
    assert not [notice for notice in machine.load().notices if "no API key" in notice]


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_a_placeholder_is_no_key(machine: Machine, key: str) -> None:
    for row in ({"api_key": key}, {"api_secret": key}):
        keys = {"api_key": "APIreal", "api_secret": SECRET} | row
        lines = "".join(f"    {name}: '{text}'\n" for name, text in keys.items())
        machine.put(
            machine.lk_file, f"projects:\n  - name: p\n    url: wss://p.livekit.cloud\n{lines}", 0o600
        )
        with pytest.raises(ConfigError, match="--project p: lk keeps no API key for it"):
            machine.load(project="p")


def test_what_is_recorded_is_asked_for_and_a_mistake_records_less(machine: Machine) -> None:
    machine.own(section("prod"))
    assert machine.load().record == RecordOptions()
    assert machine.load(no_record=True).record is None
    machine.own("record = false\n" + section("prod"))
    assert machine.load().record is None
    machine.own("record_rooms = false\nrecord_hours = 2\nevent_mib = 64\n" + section("prod"))
    assert machine.load().record == RecordOptions(rooms=False, hours=2.0, event_mib=64.0)
    machine.own('record = "no"\n' + section("prod"))
    assert machine.load().record is None, "unclear: nothing is kept"
    machine.own('record_metadata = 1\nrecord_rooms = "off"\nrecord_mib = 1\n' + section("prod"))
    assert machine.load().record == RecordOptions(rooms=False), "unclear: less is kept"
    machine.own(section("prod", more="record = false"))
    project = machine.project(project="prod")
    assert not project.record
    machine.own("record = false\nthis is no TOML")
    assert machine.load().record is None, "nobody knows what it would have switched off"
