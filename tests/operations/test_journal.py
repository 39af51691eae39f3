"""The journal: what it says after crashes, full disks, other consoles and hostile hands."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui.operations.journal import append_log
from tui.operations.journal.journal import AuditEntry, Intent, Journal, JournalError, Origin, Verdict
from tui.operations.journal.old_entries import exposed, mask_entries
from tui.secret import Secret

HERE = Origin("ops", "192.0.2.7")


class Watch:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.time = 1_786_000_000.0
        self.stepped = 0.0
        """Seconds by which the wall clock was set to another time."""

    def now(self) -> float:
        return self.time + self.stepped

    def monotonic(self) -> float:
        return self.time - 1_785_000_000.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the journal does not wait")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.jsonl"


def journal(path: Path, watch: Watch | None = None, **more: int) -> Journal:
    return Journal(path, watch or Watch(), origin=HERE, **more)


def begin(kept: Journal, target: str = "CA_x", operation: str = "restart") -> Intent:
    return kept.intent(operation, target, project="prod", request_id="r-1")


def test_an_operation_from_intent_to_outcome(path: Path) -> None:
    watch = Watch()
    kept = journal(path, watch)
    intent = kept.intent(
        "create_dispatch",
        "room lobby-4",
        project="prod",
        request_id="r-1",
        arguments=["agent_name", "metadata"],
        reason="INC-412",
        baseline=["AD_1"],
        facts={"room": "lobby-4", "metadata_sha256": "ab"},
    )
    watch.time += 1.25
    kept.outcome(intent, Verdict.DONE, detail="created AD_2")
    (entry,) = journal(path).entries()
    assert entry == AuditEntry(intent, Verdict.DONE, "created AD_2", 1.25)
    assert (entry.intent.origin, entry.intent.time) == (HERE, 1_786_000_000.0)
    assert entry.intent.facts == {"room": "lobby-4", "metadata_sha256": "ab"}


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_how_long_it_took_is_told_whatever_the_wall_clock_is_set_to(path: Path, step: float) -> None:
    watch = Watch()
    kept = journal(path, watch)
    intent = begin(kept)
    watch.time += 2.5
    watch.stepped = step
    kept.outcome(intent, Verdict.DONE)
    assert kept.entries()[0].latency == 2.5


def test_the_newest_come_first_and_are_limited(path: Path) -> None:
    kept = journal(path)
    for number in range(5):
        kept.outcome(begin(kept, f"CA_{number}"), Verdict.DONE)
    assert [entry.intent.target for entry in kept.entries(3)] == ["CA_4", "CA_3", "CA_2"]
    assert len(kept.entries()) == 5


def test_no_journal_yet_is_an_empty_one(path: Path) -> None:
    assert journal(path).entries() == []
    assert journal(path).unresolved() == []
    assert not path.parent.exists()


def test_files_and_directory_are_private(path: Path) -> None:
    before = os.umask(0)
    try:
        begin(journal(path))
    finally:
        os.umask(before)
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes == {"journal.jsonl": 0o600, "journal.jsonl.lock": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_intent_is_on_disk_before_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, bytes]] = []
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        seen.append((stat.S_ISDIR(os.fstat(file).st_mode), path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    begin(journal(path))
    assert [is_directory for is_directory, _ in seen] == [False, True]
    assert json.loads(seen[0][1])["target"] == "CA_x"


VERDICTS = [
    (Verdict.DONE, False),
    (Verdict.REFUSED, False),
    (Verdict.NOT_SENT, False),
    (Verdict.NOT_SEEN, False),
    (Verdict.UNKNOWN, True),
]


@pytest.mark.parametrize(("verdict", "stays"), VERDICTS)
def test_what_stays_unresolved(path: Path, verdict: Verdict, stays: bool) -> None:
    kept = journal(path)
    intent = begin(kept)
    kept.outcome(intent, verdict)
    assert journal(path).unresolved() == ([intent] if stays else [])


def test_the_last_outcome_counts(path: Path) -> None:
    watch = Watch()
    first = journal(path, watch)
    intent = begin(first)
    first.outcome(intent, Verdict.UNKNOWN, detail="no answer in time")
    watch.time += 60
    later = journal(path, watch)
    (found,) = later.unresolved()
    later.outcome(found, Verdict.DONE, detail="seen")
    assert later.unresolved() == []
    assert later.entries() == [AuditEntry(intent, Verdict.DONE, "seen", 60.0)]


ELSEWHERE = """
import sys
from pathlib import Path
from tui.clock import SystemClock
from tui.operations.journal.journal import Journal
kept = Journal(Path(sys.argv[1]), SystemClock())
print(kept.intent("restart", "CA_other", project="prod").id, flush=True)
sys.stdin.read()
"""


def test_what_another_console_is_doing_is_its_own_until_it_is_gone(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        known = other.stdout.readline().strip()
        assert journal(path).unresolved() == []
        assert journal(path).entries()[0].verdict is None
        other.kill()
    assert [intent.id for intent in journal(path).unresolved()] == [known]


def test_what_this_console_is_doing_is_not_unresolved(path: Path) -> None:
    kept = journal(path)
    begin(kept)
    assert kept.unresolved() == []


@pytest.mark.parametrize(
    "torn", [b'{"id":"x","ti', b"\x00" * 40, b"\xff\xfe", b"[" * 5000, b"null", b'{"id":1}']
)
def test_a_torn_last_line_costs_only_itself(path: Path, torn: bytes) -> None:
    kept = journal(path)
    first = begin(kept, "CA_1")
    kept.outcome(first, Verdict.UNKNOWN)
    with path.open("ab") as file:
        file.write(torn)
    second = begin(kept, "CA_2")
    kept.outcome(second, Verdict.DONE)
    assert [(entry.intent.id, entry.verdict) for entry in kept.entries()] == [
        (second.id, Verdict.DONE),
        (first.id, Verdict.UNKNOWN),
    ]
    assert kept.unresolved() == [first]


def test_hostile_text_is_stored_whole_and_shown_harmless(path: Path) -> None:
    kept = journal(path)
    raw = 'a"\n\x1b[2J\u202e\ud800\x00é'
    intent = kept.intent(
        raw, raw, project=raw, arguments=[raw], reason=raw, facts={"room": raw}, baseline=[raw]
    )
    kept.outcome(intent, Verdict.UNKNOWN, detail=raw)
    assert len(path.read_bytes().splitlines()) == 2
    (found,) = kept.unresolved()
    assert (found.target, found.facts["room"], found.baseline) == (raw, raw, (raw,))
    (entry,) = kept.entries()
    shown = [
        entry.intent.operation,
        entry.intent.target,
        entry.intent.project,
        entry.intent.reason,
        entry.detail,
    ]
    assert all(text.isprintable() for text in [*shown, *entry.intent.arguments])


def test_a_secret_cannot_be_written(path: Path) -> None:
    kept = journal(path)
    careless: Callable[..., Intent] = kept.intent
    with pytest.raises(TypeError):
        careless("set_secrets", "CA_x", project="p", facts={"value": Secret("sk-canary")})
    assert kept.entries() == []


TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZXZrZXkifQ.Wq_3-hZfXJmJmWl0b9Q"
SIGNED = "https://store.example/x?X-Amz-Signature=0123456789abcdef"


def test_no_token_and_no_signed_address_goes_in_or_comes_out(path: Path) -> None:
    kept = journal(path)
    intent = kept.intent("restart", "CA_x", project="prod", reason=f"see {TOKEN}")
    kept.outcome(intent, Verdict.REFUSED, detail=f"refused: {TOKEN} at {SIGNED}")
    # a name may be anything, and is kept as it is, to find what it names
    named_so = kept.intent("restart", f"room {TOKEN}", project="prod", arguments=(TOKEN,))
    kept.outcome(named_so, Verdict.DONE)
    (named, _) = kept.entries()
    assert (named.intent.target, named.intent.arguments) == ("room ***", ("***",))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert "eyJ" not in path.read_text() and "0123456789abcdef" not in path.read_text()
    # as an older version wrote it
    path.write_text(
        path.read_text().replace("see ***", f"see {TOKEN}").replace("refused: ***", f"refused: {TOKEN}")
    )
    (entry,) = kept.entries()
    assert (entry.intent.reason, entry.detail) == (
        "see ***",
        "refused: *** at https://store.example/x?X-Amz-Signature=***",
    )
    path.write_text(path.read_text().replace('"refused"', '"unknown"'))
    (open_,) = kept.unresolved()
    assert open_.reason == "see ***"


def test_old_entries_are_found_and_masked_in_their_place(path: Path) -> None:
    kept = journal(path, size_limit=1500)
    for number in range(6):
        intent = kept.intent("restart", f"CA_{number}", project="prod", reason=f"why CA_{number}")
        kept.outcome(intent, Verdict.REFUSED, detail=f"told of {intent.target}")
    files = sorted(path.parent.glob("journal.jsonl*"))
    assert len(files) > 2, "some are in older files"
    for file in files:
        text = (
            file.read_text()
            .replace("told of CA_1", f"told {TOKEN}")
            .replace("told of CA_5", f"told {SIGNED}")
        )
        file.write_text(text.replace('"detail"', '"later":[1],"detail"', 1).replace("why CA_3", TOKEN))
    with path.open("a") as file_:
        file_.write(f'"{TOKEN}"\n{{"id":"torn","detail":"{TOKEN}')
    before = {file: file.read_text().split("\n") for file in files}
    assert exposed(path) == 5
    assert mask_entries(path) == 5
    assert (exposed(path), mask_entries(path)) == (0, 0)
    for file, lines in before.items():
        after = file.read_text().split("\n")
        assert len(after) == len(lines) and stat.S_IMODE(file.stat().st_mode) == 0o600
        assert all(old == new or TOKEN in old or SIGNED in old for old, new in zip(lines, after, strict=True))
        assert TOKEN not in file.read_text() and "0123456789abcdef" not in file.read_text()
    assert [entry.detail for entry in kept.entries()][:2] == [
        "told https://store.example/x?X-Amz-Signature=***",
        "told of CA_4",
    ]
    assert kept.entries()[4].detail == "told ***" and not kept.unresolved()


def test_older_files_are_looked_through_without_the_newest(path: Path) -> None:
    """As after somebody has moved that one away, or a kill between two renames."""
    older = path.with_name(f"{path.name}.2")
    kept = journal(path)
    kept.outcome(begin(kept), Verdict.REFUSED, detail="told")
    path.rename(older)
    older.write_text(older.read_text().replace("told", TOKEN))
    assert exposed(path) == mask_entries(path) == 1
    assert exposed(path) == 0 and TOKEN not in older.read_text() and not path.exists()


def test_masking_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = journal(path)
    kept.outcome(begin(kept), Verdict.REFUSED, detail="told")
    path.write_text(path.read_text().replace("told", TOKEN))
    before = path.read_text()

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match="no space left"):
        mask_entries(path)
    assert path.read_text() == before
    path.unlink()
    path.symlink_to("elsewhere")
    assert (exposed(path), mask_entries(path)) == (0, 0), "there is no journal"


def test_origin_is_the_user_and_the_far_end_of_ssh() -> None:
    here = Origin.of({"SSH_CLIENT": "192.0.2.7 50514 22", "USER": "mallory", "LOGNAME": "mallory"})
    assert here.ssh == "192.0.2.7" and here.user not in ("", "mallory")
    assert Origin.of({}).ssh == ""
    assert Origin.of({"SSH_CLIENT": "\x1b[2J x"}).ssh == "␛[2J"


# Full files


def test_a_full_file_makes_way_and_nothing_unresolved_is_lost(path: Path) -> None:
    kept = journal(path, size_limit=4_000)
    unknown = begin(kept, "CA_unknown")
    kept.outcome(unknown, Verdict.UNKNOWN)
    for number in range(100):
        kept.outcome(begin(kept, f"CA_{number}"), Verdict.DONE)
    names = sorted(found.name for found in path.parent.iterdir())
    assert names == ["journal.jsonl", *(f"journal.jsonl.{n}" for n in (1, 2, 3)), "journal.jsonl.lock"]
    assert all(found.stat().st_size <= 4_000 for found in path.parent.iterdir())
    assert kept.unresolved() == [unknown]
    assert [entry.intent.target for entry in kept.entries(3)] == ["CA_99", "CA_98", "CA_97"]
    modes = {stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes == {0o600}


def test_a_file_full_of_the_unresolved_grows_instead(path: Path) -> None:
    kept = journal(path, size_limit=2_000)
    intents = [begin(kept, f"CA_{number}") for number in range(30)]
    for intent in intents:
        kept.outcome(intent, Verdict.UNKNOWN)
    assert [intent.target for intent in kept.unresolved()] == [intent.target for intent in intents]


# Faults


def test_a_full_disk_is_said_and_leaves_a_whole_file(path: Path) -> None:
    program = """
import resource, signal, sys
from pathlib import Path
from tui.clock import SystemClock
from tui.operations.journal.journal import Journal, JournalError, Verdict
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
kept = Journal(Path(sys.argv[1]), SystemClock())
kept.outcome(kept.intent("restart", "CA_1", project="prod"), Verdict.DONE)
size = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
for _ in range(2):
    try:
        kept.intent("restart", "CA_2", project="prod")
    except JournalError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"not saved in the journal: {path}: no space left on device\n" * 2
    assert path.read_bytes().endswith(b"\n")
    kept = journal(path)
    begin(kept, "CA_3")
    assert [entry.intent.target for entry in kept.entries()] == ["CA_3", "CA_1"]


def test_a_quota_that_is_used_up_is_said_and_leaves_a_whole_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = journal(path)
    begin(kept, "CA_1")
    before = path.read_bytes()
    write = os.write

    def over_quota(file: int, data: bytes) -> int:
        write(file, data[:10])
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(append_log.os, "write", over_quota)
    with pytest.raises(JournalError, match=rf"^not saved in the journal: {path}: disk quota exceeded$"):
        begin(kept, "CA_2")
    monkeypatch.undo()
    assert path.read_bytes() == before


def plant_link(path: Path) -> None:
    (path.parent.parent / "victim").write_text("precious")
    path.symlink_to(path.parent.parent / "victim")


def plant_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "made")


def plant_readable(path: Path) -> None:
    path.touch()
    path.chmod(0o644)


PLANTED = [
    (plant_link, "too many levels of symbolic links"),
    (plant_dangling_link, "too many levels of symbolic links"),
    (os.mkfifo, "(no such device or address|is not a regular file)"),
    (Path.mkdir, "(is a directory|is not a regular file)"),
    (plant_readable, r"others may read or write .*: chmod 600 "),
]


@pytest.mark.parametrize(("plant", "message"), PLANTED)
@pytest.mark.parametrize("name", ["journal.jsonl", "journal.jsonl.lock"])
def test_what_was_planted_in_our_place_is_refused(
    path: Path, name: str, plant: Callable[[Path], None], message: str
) -> None:
    path.parent.mkdir(mode=0o700)
    plant(path.with_name(name))
    with pytest.raises(JournalError, match=rf"^not saved in the journal: .*{message}"):
        begin(journal(path))
    victim = path.parent.parent / "victim"
    assert not victim.exists() or victim.read_text() == "precious"
    assert not (path.parent.parent / "made").exists()


def test_a_link_planted_where_a_new_file_is_begun_is_not_followed(path: Path) -> None:
    kept = journal(path, size_limit=1_000)
    begin(kept)
    plant_link(path.with_name("journal.jsonl.new"))
    for number in range(10):
        kept.outcome(begin(kept, f"CA_{number}"), Verdict.DONE)
    assert (path.parent.parent / "victim").read_text() == "precious"


def test_a_directory_that_others_may_write_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(JournalError, match=r"others may write in .*chmod 700"):
        begin(journal(path))


def test_a_directory_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(mode=0o700)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(JournalError, match=rf"{path.parent} belongs to another user \(uid {owner}\)"):
        begin(journal(path))
    assert os.listdir(path.parent) == []


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"^not saved in the journal: .*not a directory$"):
        begin(journal(tmp_path / "file" / "state" / "journal.jsonl"))


def test_a_lock_that_is_not_given_up_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = journal(path)
    begin(kept)
    monkeypatch.setattr(append_log, "LOCK_TRIES", 2)
    with path.with_name("journal.jsonl.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(JournalError, match=r"^not saved in the journal: another console holds "):
            begin(kept)
        with pytest.raises(JournalError, match=r"^the journal cannot be read: another console holds "):
            kept.entries()
    begin(kept)
    assert len(kept.entries()) == 2


# Many consoles, and kills

WRITER = """
import sys
from pathlib import Path
from tui.clock import SystemClock
from tui.operations.journal.journal import Journal, Verdict
kept = Journal(Path(sys.argv[1]), SystemClock(), size_limit=int(sys.argv[2]))
for number in range(int(sys.argv[3])):
    intent = kept.intent("restart", f"CA_{number}", project="prod", reason="x" * (number % 300))
    print("begun", intent.id, flush=True)
    kept.outcome(intent, Verdict.DONE)
    print("done", intent.id, flush=True)
"""


@contextmanager
def writing(path: Path, size_limit: int, count: int) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", WRITER, str(path), str(size_limit), str(count)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        yield writer


def test_consoles_at_once_lose_nothing_of_each_other(path: Path) -> None:
    with (
        writing(path, 1 << 20, 40) as one,
        writing(path, 1 << 20, 40) as two,
        writing(path, 1 << 20, 40) as three,
    ):
        said = [writer.communicate()[0].split() for writer in (one, two, three)]
    entries = journal(path).entries(1_000)
    assert {entry.intent.id for entry in entries} == {text for words in said for text in words[1::2]}
    assert len(entries) == 120 and {entry.verdict for entry in entries} == {Verdict.DONE}


def killed(path: Path, rounds: int, seed: int) -> None:
    """Kill a console at any moment, again and again: what it had said was saved must be there."""
    chance = random.Random(seed)
    begun: set[str] = set()
    done: set[str] = set()
    for _ in range(rounds):
        with writing(path, 200_000, 1_000_000) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                word, known = writer.stdout.readline().split()
                (begun if word == "begun" else done).add(known)
            os.kill(writer.pid, signal.SIGKILL)
            for line in writer.stdout:
                if line.endswith("\n"):
                    word, known = line.split()
                    (begun if word == "begun" else done).add(known)
        kept = journal(path, size_limit=200_000)
        verdicts = {entry.intent.id: entry.verdict for entry in kept.entries(100_000)}
        unresolved = {intent.id for intent in kept.unresolved()}
        # the kill may have come between the outcome and the word of it
        done |= {known for known in begun if verdicts.get(known) is Verdict.DONE}
        lost = {known for known in begun if known not in verdicts}
        assert lost <= done, (
            "an operation in progress may never be lost; a finished one may be in a dropped file"
        )
        assert not [known for known in done if known in unresolved]
        assert begun - done <= unresolved
        for intent in kept.unresolved():
            kept.outcome(intent, Verdict.NOT_SEEN)
            done.add(intent.id)
        begin(kept, "CA_after")


def test_a_killed_console_loses_nothing_it_said_was_saved(path: Path) -> None:
    killed(path, rounds=6, seed=1)


@pytest.mark.campaign
def test_five_hundred_kills(path: Path) -> None:
    killed(path, rounds=500, seed=2)
