"""Secrets: what is taken, refused, warned of, and that nothing said of them gives them away."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.packaging.trees import grow
from tui.api.changes import secret_message
from tui.packaging.errors import SecretsError
from tui.packaging.secrets import (
    MOUNT_LIMIT,
    RejectedSecret,
    SecretSet,
    SecretToSend,
    collect,
    find_env_files,
    fingerprint,
    judge,
    parse_text,
    read_env_file,
    read_mount,
)
from tui.secret import Secret

CANARY = "sk-canary-0123456789"


def values(found: SecretSet) -> dict[str, str]:
    return {one.name: one.value.reveal() for one in found.secrets}


@pytest.fixture
def env(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text("")
    path.chmod(0o600)
    return path


def test_a_file_is_read_with_where_each_secret_stands(env: Path) -> None:
    env.write_text("# keys\nA=1\n\nB='two\nlines'\n")
    found = read_env_file(env)
    assert values(found) == {"A": "1", "B": "two\nlines"}
    assert [one.origin for one in found.secrets] == [".env line 2", ".env line 4"]
    assert found.warnings == ()


def test_the_later_of_two_counts_and_is_warned_of(env: Path) -> None:
    env.write_text("A=1\nB=2\nA=3\n")
    found = read_env_file(env)
    assert values(found) == {"A": "3", "B": "2"}
    assert found.warnings == ("A is given twice, .env line 3 counts",)


def test_a_byte_order_mark_in_a_secrets_file_is_skipped_and_told(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.touch(mode=0o600)
    env.write_bytes(b"\xef\xbb\xbfA=1\r\n")
    found = read_env_file(env)
    assert [(one.name, one.value.reveal()) for one in found.secrets] == [("A", "1")]
    assert found.warnings == (".env begins with a byte order mark, which is skipped; lk refuses such a file",)
    env.write_bytes("A=1\n".encode("utf-16"))
    with pytest.raises(SecretsError, match="it is UTF-16; save it as UTF-8; nothing was sent"):
        read_env_file(env)


def test_a_lost_reference_is_warned_of_by_name_and_line(env: Path) -> None:
    env.write_text("KEY=pa$5word\n")
    (warning,) = read_env_file(env).warnings
    assert warning.startswith("KEY (.env line 1): a $ in it")
    assert "5" not in warning.replace(".env", "") and "word" not in warning


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FOO\n", ".env, line 1: there is no = in it; nothing was sent"),
        ("A=1\nFOO", ".env line 2: a value without a name, an = is missing; nothing was sent"),
        ("A='x", ".env, line 1: a value begins with ' and never ends; nothing was sent"),
        ("=x", ".env line 1: a value without a name, an = is missing; nothing was sent"),
    ],
)
def test_a_file_that_is_none(env: Path, text: str, message: str) -> None:
    env.write_text(text)
    with pytest.raises(SecretsError) as refusal:
        read_env_file(env)
    assert str(refusal.value) == message


def test_a_pasted_text_needs_no_file() -> None:
    assert values(parse_text("A=1\nB=2")) == {"A": "1", "B": "2"}
    with pytest.raises(SecretsError, match=r"^the text, line 1: there is no = in it; nothing was sent$"):
        parse_text("A\nB=1")


def test_bytes_that_are_no_utf8_are_refused_by_line(env: Path) -> None:
    env.write_bytes(b"A=1\nB=caf\xe9\n")
    with pytest.raises(SecretsError, match="line 2 is not UTF-8"):
        read_env_file(env)


def test_others_may_not_have_written_the_file(env: Path) -> None:
    env.chmod(0o602)
    with pytest.raises(SecretsError, match=r"anyone may write .*chmod 600"):
        read_env_file(env)


def test_that_others_may_read_the_file_is_warned_of(env: Path) -> None:
    env.write_text("A=1")
    env.chmod(0o644)
    assert read_env_file(env).warnings == (f"other users may read .env: chmod 600 {env}",)


def test_a_link_is_followed_and_said(tmp_path: Path, env: Path) -> None:
    env.write_text("A=1")
    link = tmp_path / "prod.env"
    link.symlink_to(env)
    found = read_env_file(link)
    assert values(found) == {"A": "1"}
    assert found.warnings == (f"prod.env is a link to {env}",)


def test_a_file_of_another_user_is_refused(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(env, 12_345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12_345)  # only root can give a file away
    with pytest.raises(SecretsError) as refusal:
        read_env_file(env)
    assert f"belongs to another user (uid {env.stat().st_uid})" in str(refusal.value)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name, message in [
        ("pipe", "it is a named pipe"),
        (".", "it is a directory"),
        ("dangling", "does not exist"),
        ("none", "does not exist"),
    ]:
        with pytest.raises(SecretsError, match=message):
            read_env_file(tmp_path / name)
        with pytest.raises(SecretsError, match=message):
            read_mount(tmp_path / name)


def test_a_mount_keeps_every_byte_to_the_wire(tmp_path: Path) -> None:
    data = bytes(range(256)) * 3 + b"\r\n\xff"
    path = tmp_path / "key.p12"
    path.write_bytes(data)
    mount = read_mount(path)
    assert (mount.name, mount.is_file) == ("key.p12", True)
    sent = secret_message(mount.name, mount.value, file=mount.is_file)
    assert sent["value"] == mount.value
    assert mount.value.reveal().encode("utf-8", "surrogateescape") == data, "as it is encoded when it is sent"
    assert sent["kind"] == "AGENT_SECRET_KIND_FILE"


def test_a_mount_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * MOUNT_LIMIT)
    assert len(read_mount(path).value) == MOUNT_LIMIT
    path.write_bytes(b"x" * (MOUNT_LIMIT + 1))
    with pytest.raises(SecretsError, match="larger than 1,048,576 bytes"):
        read_mount(path)


def test_what_overrides_what(tmp_path: Path, env: Path) -> None:
    env.write_text("A=file\nB=file\nC=file\n")
    grow(tmp_path, {"m/A": "mount", "m/D": "mount"})
    typed = [SecretToSend("D", Secret("typed")), SecretToSend("B", Secret("typed"))]
    found = collect(mounts=[tmp_path / "m/A", tmp_path / "m/D"], typed=typed, file=env)
    assert values(found) == {"A": "mount", "D": "typed", "B": "typed", "C": "file"}
    assert [one.is_file for one in found.secrets] == [True, False, False, False]


def test_two_mounts_of_one_name_are_refused(tmp_path: Path) -> None:
    grow(tmp_path, {"a/key": "1", "b/key": "2"})
    with pytest.raises(SecretsError, match="two mounts would have the name key"):
        collect(mounts=[tmp_path / "a/key", tmp_path / "b/key"])


def test_reserved_names_are_left_out_with_their_reason(env: Path) -> None:
    env.write_text("LIVEKIT_URL=wss://x\nLIVEKIT_API_KEY=k\nLIVEKIT_API_SECRET=\nLIVEKIT_OTHER=1\nA=1\n")
    found = collect(file=env)
    assert values(found) == {"LIVEKIT_OTHER": "1", "A": "1"}
    assert found.refused[0] == RejectedSecret("LIVEKIT_URL", ".env line 1", "the service sets it itself")
    assert [one.name for one in found.refused] == ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"]


def test_an_empty_value_is_an_error_or_left_out(env: Path) -> None:
    env.write_text("A=1\nB=\n")
    with pytest.raises(SecretsError) as refusal:
        collect(file=env)
    assert str(refusal.value) == (
        "B (.env line 2) is empty: give it a value or skip empty ones; nothing was sent"
    )
    found = collect(file=env, empty="skip")
    assert values(found) == {"A": "1"}
    assert found.refused == (RejectedSecret("B", ".env line 2", "it is empty"),)


def test_an_empty_typed_value_is_an_error_too() -> None:
    with pytest.raises(SecretsError, match=r"^A is empty"):
        collect(typed=[SecretToSend("A", Secret(""))])


@pytest.mark.parametrize("name", ["", "A B", "A\n", "A=B", "A\x1b", "\u202eA", "A\ud800"])
def test_a_name_that_cannot_be_one(name: str) -> None:
    with pytest.raises(SecretsError, match="cannot be the name of a secret") as refusal:
        judge(SecretToSend(name, Secret(CANARY)))
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("name", "value", "warned"),
    [
        ("OPENAI_API_KEY", "x", ""),
        ("A" * 70, "x", ""),
        ("A" * 71, "x", "at most 70 characters, this has 71"),
        ("a.b", "x", "only letters, digits and _"),
        ("9A", "x", "not begin with a digit"),
        ("é", "x", "only letters, digits and _"),
        ("A", "x" * 16_384, ""),
        ("A", "x" * 16_385, "at most 16,384 bytes, this has 16,385"),
        ("A", "é" * 8_193, "at most 16,384 bytes, this has 16,386"),
        ("B_KEY", "A_KEY=canary", "begins like NAME="),
        ("A_KEY", "export A_KEY=canary", "begins like NAME="),
        ("DSN", "user=canary password=x", ""),
        ("A_KEY", "canary\n", "begins or ends with a line break"),
        ("A_KEY", " canary", "begins or ends with a line break or a space"),
        ("PEM", "-----BEGIN\ncanary\n-----END\n", ""),
    ],
)
def test_limits_and_slips_are_warned_of(name: str, value: str, warned: str) -> None:
    found = judge(SecretToSend(name, Secret(value)))
    assert (warned in found[0]) if warned else (found == ())
    assert CANARY not in repr(found) and "canary" not in repr(found)


def test_a_variable_cannot_hold_a_nul() -> None:
    with pytest.raises(SecretsError, match="NUL"):
        judge(SecretToSend("A", Secret("x\0y")))
    assert judge(SecretToSend("a.bin", Secret("x\0y"), is_file=True)) == ()


def test_a_fingerprint_tells_values_apart_and_shows_none() -> None:
    pem = "-----BEGIN-----\nabc\n-----END-----\n"
    found = fingerprint(Secret(pem))
    assert str(found) == f"34 bytes, 3 lines, sha256 {hashlib.sha256(pem.encode()).hexdigest()[:8]}"
    assert (found.size, found.lines) == (34, 3)
    assert fingerprint(Secret(pem[:-1])).digest != found.digest
    assert fingerprint(Secret(pem[:-1])).lines == 3
    assert str(fingerprint(Secret("x"))) == "1 bytes, sha256 2d711642"


def test_secrets_files_are_found_in_the_project_the_likeliest_first(tmp_path: Path) -> None:
    root = grow(tmp_path, {".env.local": "", ".env": "", ".env.production/": "", ".env.other": ""})
    assert find_env_files(root) == (root / ".env", root / ".env.local")


def test_nothing_that_is_said_holds_a_value(env: Path) -> None:
    env.write_text(f"A={CANARY}\nA='{CANARY}'\nb.c={CANARY}$NOPE\nD=\n{CANARY}")
    said: list[str] = []
    for empty in ("skip", "refuse"):
        try:
            found = collect(file=env, typed=[SecretToSend("T", Secret(CANARY))], empty=empty)
        except SecretsError as error:
            said += [str(error), repr(error)]
        else:
            said += [repr(found), *found.warnings]
    env.write_text(f"A={CANARY}\nb.c={CANARY}$NOPE\nD=\n")
    found = collect(file=env, empty="skip")
    said += [repr(found), *found.warnings, str(found.secrets[0].fingerprint), repr(found.secrets[0])]
    assert found.warnings and not [text for text in said if "canary" in text]
