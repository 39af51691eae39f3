"""Translates command lines of `lk` into ours, so that a line of a runbook can be pasted. No widgets.

Only what our commands can express is accepted. An option that would be lost is refused by name: a
dialog that opened without it might act on something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

ALIASES: Final[Mapping[str, str]] = {
    "tail": "logs",
    "destroy": "delete",
    "list": "agents",
    "update-secrets": "set-secret",
}
"""Verbs of `lk agent` that have another name here."""

_AGENT: Final[Mapping[str, tuple[str, ...]]] = {
    "create": (),
    "deploy": (),
    "status": ("--id",),
    "update": ("--id", "--secrets-file"),
    "restart": ("--id",),
    "rollback": ("--id", "--version"),
    "logs": ("--id", "--log-type"),
    "tail": ("--id", "--log-type"),
    "delete": ("--id", "--deployment"),
    "destroy": ("--id", "--deployment"),
    "versions": ("--id",),
    "list": ("--id",),
    "secrets": ("--id",),
    "update-secrets": ("--id", "--secrets-file", "--overwrite"),
    "promote": ("--id", "--deployment"),
    "config": ("--id",),
    "dockerfile": ("--overwrite",),
}
"""Verb → options that become arguments, in this order."""
_DISPATCH: Final[Mapping[str, tuple[str, ...]]] = {
    "list": (),
    "get": (),
    "create": ("--room", "--agent-name"),
    "delete": (),
}
_SWITCHES: Final = ("--overwrite",)
_SHORT: Final[Mapping[str, str]] = {"-d": "--deployment"}


class NotOurs(ValueError):
    """A line of `lk` that has no counterpart; its text says why, and holds no value of an option."""


def ours(words: Sequence[str]) -> list[str]:
    """The words of our command line. Raises `NotOurs`."""
    if words[:1] != ["lk"]:
        return [ALIASES.get(words[0], words[0]), *words[1:]]
    family, verb, *rest = [*words[1:3], "", ""][:2] + list(words[3:])
    table = {"agent": _AGENT, "a": _AGENT, "dispatch": _DISPATCH}.get(family)
    if table is None or verb not in table:
        raise NotOurs(f"lk {family} {verb}".strip() + ": only lines of lk agent and lk dispatch work here")
    options, others = _options(rest, table[verb])
    if table is _DISPATCH:
        return _dispatch(verb, options, others)
    named = [options[name] for name in table[verb] if name in options and name not in _SWITCHES]
    if named and "--id" not in options:
        raise NotOurs(f"lk agent {verb}: which agent? --id is missing")
    return [_verb(verb, options), *named, *others]


def _options(words: Sequence[str], known: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and the other words."""
    found: dict[str, str] = {}
    others: list[str] = []
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        name = _SHORT.get(name, name)
        if not word.startswith("-"):
            others.append(word)
        elif name not in known:
            raise NotOurs(f"{name} has no place on this line; dialogs ask for such things")
        else:
            found[name] = value if equals else "" if name in _SWITCHES else next(left, "")
    return found, others


def _verb(verb: str, options: Mapping[str, str]) -> str:
    if verb in ("delete", "destroy") and "--deployment" in options:
        return "delete-deployment"
    if verb == "update-secrets" and "--overwrite" in options:
        return "replace-secrets"
    if verb == "update-secrets" and "--secrets-file" in options:
        return "import-secrets"
    return ALIASES.get(verb, verb)


def _dispatch(verb: str, options: Mapping[str, str], others: Sequence[str]) -> list[str]:
    if verb == "create":
        return ["dispatch", options.get("--room", ""), options.get("--agent-name", "")]
    if verb == "list":
        return ["dispatches", *others]
    return ["find" if verb == "get" else "undispatch", *others[1:]]  # ids are unique without their room
