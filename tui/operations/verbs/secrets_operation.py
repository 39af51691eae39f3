"""What the operations on secrets share: reading, comparing names, and whether a change was applied.

Values are `Secret` until they are sent; nothing here says, stores or returns one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from tui.api import changes
from tui.api.changes import Request, secret_message
from tui.api.models import SecretInfo, instant
from tui.fleet.find import read_secrets, unlisted_details
from tui.fleet.polling.sources import AGENTS, SECRETS
from tui.fleet.times import rfc3339
from tui.fleet.view import View
from tui.operations.descriptions import agent_of, jobs, named, no_agent, states, typed_names, where
from tui.operations.fields import Answers, Field, FieldKind, Hint, HintLevel, InvalidAnswer, Option
from tui.operations.journal.journal import Intent
from tui.operations.looks import whole
from tui.operations.operation import Baseline, Danger, Effect, Fact, Operation, Preview, Verification
from tui.operations.remote import Remote
from tui.packaging.errors import SecretsError
from tui.packaging.secrets import Empty, SecretSet, SecretToSend, collect, fingerprint
from tui.secret import Secret

KIND_FILE = "AGENT_SECRET_KIND_FILE"
SHOWN = 8
"""Names listed in one line of a preview; a replacement lists every one that goes."""
NEVER = "never"
CLOCKS = 60.0
"""Seconds by which our clock and the server's may differ."""
GUESSABLE = 64
"""Bytes up to which a digest could help somebody who looks on to confirm a guess."""


class SecretsOperation(Operation):
    """What the operations on secrets share: they belong to one agent and restart its workers."""

    method = changes.UPDATE_SECRETS
    danger = Danger.SERVICE
    reads = (AGENTS, SECRETS)
    source = AGENTS
    sources = (AGENTS, SECRETS)

    needs_one: ClassVar[bool] = False
    """It acts on secrets that are set already."""

    def unfit(self, view: View) -> str:
        """An agent is needed, and for some a secret, unless it is not known whether there is one."""
        has_none = self.needs_one and not no_agent(view) and not secrets(view) and not unlisted(view)
        return "this agent has no secrets" if has_none else no_agent(view)

    def target(self, view: View, answers: Answers) -> str:
        """The agent's id."""
        return view.selection.agent_id

    def hints(self, view: View, answers: Answers) -> tuple[Hint, ...]:
        """What was left out, and what the documented limits say."""
        left = [
            Hint(f"{item.name} is left out: {item.reason}", HintLevel.WARN)
            for item in answers.secrets.refused
        ]
        return (*left, *(Hint(warning, HintLevel.WARN) for warning in answers.secrets.warnings))

    def arguments(self, answers: Answers) -> tuple[str, ...]:
        """Names, never values."""
        return tuple(one.name for one in answers.secrets.secrets)

    def request(self, view: View, answers: Answers) -> Request:
        """UpdateAgentSecretsRequest."""
        return {
            "agent_id": view.selection.agent_id,
            "secrets": messages(answers.secrets.secrets),
            "remove": [],
            "overwrite": False,
        }

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Names that must be there, and newer than they were."""
        return {
            "agent_id": view.selection.agent_id,
            "set": "\n".join(one.name for one in answers.secrets.secrets),
        }

    async def baseline(self, remote: Remote, view: View, answers: Answers) -> Baseline:
        """When each secret was last updated."""
        batch = await remote.list_secrets(view.selection.agent_id)
        stamps = tuple(f"{item.name}={_stamp(item)}" for item in batch.items)
        return Baseline(stamps, blind=not batch.is_whole)

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Key by key: is it newer than before, or gone if it was to go."""
        listed = whole(await remote.list_secrets(intent.facts.get("agent_id", "")), "secrets")
        return verification_of(intent, {item.name: _stamp(item) for item in listed})

    def effect(self, view: View) -> tuple[str, ...]:
        """What any change of secrets does to what runs."""
        return (
            f"workers restart; {jobs(view, agent_of(view))}: sessions are not interrupted",
            "LiveKit never returns secret values, so this cannot be undone",
        )

    def shown(
        self, view: View, what: str, *first: str, lost: tuple[str, ...] = (), typed: tuple[str, ...] = ()
    ) -> Preview:
        """The preview of a change: what is particular to it first."""
        agent = agent_of(view)
        return Preview(
            what=f"{what} {named(agent)}",
            where=where(agent),
            effect=(*first, *self.effect(view)),
            lost=lost,
            state=(*_secret_facts(view), *states(view, agent)),
            typed=typed or typed_names(view, agent),
        )


EMPTY_OPTIONS = (Option("refuse", ("refuse the file",)), Option("skip", ("skip that name",)))


def secrets(view: View) -> tuple[SecretInfo, ...]:
    """The selected agent's secrets that its newest list has."""
    return read_secrets(view.fleet, view.selection.agent_id)


def unlisted(view: View) -> str:
    """Why a secret that is not listed may be set all the same: none is then said to be new or to vanish.

    Empty where all of them were read.
    """
    return unlisted_details(view.fleet, "secrets", view.selection.agent_id)


def recognisable(value: Secret) -> str:
    """What may be shown of a value to recognise it by: its size, and a digest of what nobody can guess."""
    found = fingerprint(value)
    return str(found) if found.lines > 1 or found.size > GUESSABLE else f"{found.size:,} bytes"


def messages(items: Iterable[SecretToSend]) -> list[dict[str, object]]:
    """AgentSecret messages, their values still in `Secret`."""
    return [secret_message(one.name, one.value, file=one.is_file) for one in items]


def verification_of(intent: Intent, now: Mapping[str, str]) -> Verification:
    """Whether every name of an intent was set or removed, given when each secret was last updated."""
    was = dict(pair.rpartition("=")[::2] for pair in intent.baseline)
    wanted = [name for name in intent.facts.get("set", "").split("\n") if name]
    unwanted = [name for name in intent.facts.get("remove", "").split("\n") if name]
    done = {name: name in now and now[name] != was.get(name) for name in wanted}
    done |= {name: name not in now for name in unwanted}
    if not done:
        return Verification(Effect.CANNOT_TELL, "a restart leaves no trace")
    untold = [name for name in wanted if name in now and (intent.is_blind or now[name] == NEVER)]
    if untold:
        return Verification(Effect.CANNOT_TELL, f"whether {', '.join(untold)} changed since is not listed")
    twice = [name for name in wanted if not done[name] and name in now and _may_be_twice(now[name], intent)]
    if twice:
        words = (
            f"{', '.join(twice)} was set moments before: its time, in whole seconds, does not tell the two"
        )
        return Verification(Effect.CANNOT_TELL, words)
    items = tuple(_item(name, applied, name in unwanted) for name, applied in done.items())
    count = sum(done.values())
    if count == len(done):
        return Verification(Effect.YES, f"all {count} applied" if count > 1 else "applied", items)
    if count:
        return Verification(Effect.PARTLY, f"{count} of {len(done)} applied", items)
    return Verification(Effect.NO, "NOT applied", items)


def _may_be_twice(stamp: str, intent: Intent) -> bool:
    """Whether a secret that had this time before may have got it once more: servers store whole seconds."""
    at = datetime.fromisoformat(stamp)
    return at.microsecond == 0 and abs(at.timestamp() - intent.time) <= CLOCKS


def _item(name: str, applied: bool, unwanted: bool) -> str:
    return (
        f"{name}: {'removed' if applied else 'NOT removed'}"
        if unwanted
        else (f"{name}: {'applied' if applied else 'NOT applied'}")
    )


def _stamp(item: SecretInfo) -> str:
    return item.updated_at.isoformat() if item.updated_at is not None else NEVER


def _secret_facts(view: View) -> tuple[Fact, ...]:
    """The set as it is: its names and times must not change between look and key."""
    if view.selection.agent_id not in view.fleet.secrets:
        return (Fact("secrets", "not read yet"),)
    found, partly = secrets(view), unlisted(view)
    newest = max((at for item in found if (at := instant(item.updated_at))), default=None)
    words = f"{len(found)} set" + (f", newest {rfc3339(newest)}" if newest else "")
    words += f", {partly}" if partly else ""
    names = (f"{item.name}={_stamp(item)}" for item in found)
    return (Fact("secrets", words, " ".join((*names, partly)).rstrip()),)


def difference(view: View, read: SecretSet) -> tuple[str, ...]:
    """Which names of a file are new and which get another value; nothing of any value."""
    known = {item.name for item in secrets(view)}
    names = [one.name for one in read.secrets]
    if not names:
        return ("no file read yet",)
    why = unlisted(view)
    new = [name for name in names if name not in known]
    old = [name for name in names if name in known]
    lines = []
    if new and why:
        lines.append(f"sets {_listed(new)}; which of them are new is not known: {why}")
    elif new:
        lines.append(f"added: {_listed(new)}")
    if old:
        lines.append(f"new value: {_listed(old)}")
    return tuple(lines)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def file_fields(answers: Answers, help: str = "a KEY=VALUE file; Enter reads it") -> tuple[Field, ...]:
    """The file, and what to do with names that have no value."""
    return (
        Field("file", "file", FieldKind.FILE, value=answers.text("file"), help=help),
        Field("empty", "if empty", FieldKind.CHOICE, value=answers.text("empty") or "refuse"),
    )


def file_words(answers: Answers) -> tuple[str, ...]:
    """The flags of `lk` for that file."""
    skip = ("--ignore-empty-secrets",) if answers.text("empty") == "skip" else ()
    file = str(path_of(answers)) if answers.text("file") else "FILE"  # quoted, a ~ would mean nothing
    return ("--secrets-file", file, *skip)


def path_of(answers: Answers) -> Path:
    """The file that was named; `~somebody` without such a user stays as it is, and is not found."""
    return Path(os.path.expanduser(answers.text("file")))


def read_file(answers: Answers) -> Answers:
    """The secrets of the file that was named. Raises `InvalidAnswer`."""
    empty: Empty = "skip" if answers.text("empty") == "skip" else "refuse"
    return with_secrets(answers, "file", lambda: collect(file=path_of(answers), empty=empty))


def with_secrets(answers: Answers, field: str, read: Callable[[], SecretSet]) -> Answers:
    """The answers with the secrets that `read` finds. Raises `InvalidAnswer`."""
    try:
        return replace(answers, secrets=read())
    except SecretsError as error:
        raise InvalidAnswer(field, str(error)) from None


def need_file(answers: Answers) -> None:
    """Raises `InvalidAnswer` while no file was named and read."""
    if not answers.text("file"):
        raise InvalidAnswer("file", "type a path")
    if answers.secrets == SecretSet():
        raise InvalidAnswer("file", "press Enter in the file's field to read it")


def need_secrets(answers: Answers, field: str) -> None:
    """Raises `InvalidAnswer` where nothing is left to send."""
    if not answers.secrets.secrets:
        why = "; ".join(f"{item.name}: {item.reason}" for item in answers.secrets.refused[:3])
        raise InvalidAnswer(field, f"nothing to send{f': {why}' if why else ''}")
