"""Translates command lines of `lk` into lktop's, so that a line of a runbook can be pasted. No widgets.

Only what our commands can express is accepted. An option that would be lost is refused by name, with the
reason: a dialog that opened without it might act on something else. No refusal repeats a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tui.operations.shell_commands import expansion, word_of
from tui.ui.commandline.lk_table import ALIASES, FAMILIES, OPTIONS, QUIET, SEVERAL, SHORT, SWITCHES, WHY, Verb

_JOINS: Final = frozenset(("&&", "||", "|", ";", ">", "<", "&"))
_AGENT: Final = ("agent",)


class NotTranslated(ValueError):
    """A line of `lk` that has no counterpart; its text says why, and holds no value of an option."""


def translated(line: str, words: Sequence[str]) -> list[str]:
    """The words of the command line here; `line` is what they were read from. Raises `NotTranslated`."""
    if words[0] == "curl":
        raise NotTranslated("curl is for a shell, not for this line")
    path = _path(words)
    if path is None:
        return [ALIASES.get(words[0], words[0]), *words[1:]]
    if found := expansion(line):
        raise NotTranslated(f"{found} means something to a shell only: write what it stands for")
    if _JOINS.intersection(words):
        raise NotTranslated("one command at a time: nothing here joins two")
    family, rest = path
    verb = rest[0] if rest else ""
    known = FAMILIES.get(family, {}).get(verb)
    named = " ".join(("lk", *family, verb)).strip()
    if known is None:
        raise NotTranslated(f"{named} {_what_there_is(family, verb)}")
    if not known.command:
        raise NotTranslated(f"{named} works on this machine: it is for a shell")
    return _translated(named, known, rest[1:])


def _what_there_is(family: tuple[str, ...], verb: str) -> str:
    """Why a verb cannot be translated, with those of its family that can."""
    verbs = ", ".join(name for name, known in FAMILIES.get(family, {}).items() if known.command)
    if not verbs:
        return "is not available here: only lk agent, dispatch, room list and project list are"
    return f"is not available here, but: {verbs}" if verb else f"needs one of: {verbs}"


def _path(words: Sequence[str]) -> tuple[tuple[str, ...], Sequence[str]] | None:
    """The command group of an `lk` line and its arguments; `lk` may be left out. None for our own lines."""
    if words[0] == "lk":
        if words[1:] and words[1].startswith("-"):
            raise _refusal(words[1].partition("=")[0], {})
        return _family(words[1:])
    flagged = any(word.partition("=")[0] in OPTIONS for word in words)
    if flagged and words[0] in FAMILIES[_AGENT]:
        return _AGENT, words
    family, rest = _family(words)
    is_verb = bool(rest) and rest[0] in FAMILIES.get(family, {})
    if words[0] in ("dispatch", "project"):  # commands of lktop too, whose first word may be any name
        is_verb = is_verb and (flagged or rest[0] == "list" or len(rest) > 2)
    return (family, rest) if is_verb else None


def _family(words: Sequence[str]) -> tuple[tuple[str, ...], Sequence[str]]:
    first = ["agent" if word == "a" else word for word in words[:1]]
    two = (*first, *words[1:2])
    family = two if two in FAMILIES else tuple(first)
    return family, words[len(family) :]


def _translated(named: str, known: Verb, words: Sequence[str]) -> list[str]:
    options, others = _options(words, known)
    if len(others) > len(known.words):
        by_file = "give --id, for livekit.toml is not read here" if "--id" in known.takes else ""
        raise NotTranslated(f"{named}: {by_file or 'too many words'}")
    found = options | {name: [word] for name, word in zip(known.words, others, strict=False) if name}
    for name in known.needs:
        if not found.get(name):
            raise NotTranslated(f"{named}: which {name}? --id is missing")
    command = _command(known, found)
    texts = {name: _joined(name, values) for name, values in found.items()}
    given = [texts[name] for name in known.places if name in texts]
    if known.named and (len(given) < len(known.places) or any("=" in word for word in given)):
        given = []
    else:
        texts = {name: text for name, text in texts.items() if name not in known.places}
    return [command, *given, *(f"{name}={text}" for name, text in texts.items() if name)]


def _command(known: Verb, found: dict[str, list[str]]) -> str:
    """Our command, which may depend on what is given; what chose it is taken out of `found`."""
    if known.command == "delete":
        return "delete-deployment" if "deployment" in found else "delete"
    overwrites = bool(found.pop("overwrite", None))
    if known.command != "set-secret":
        return known.command
    if mounts := found.pop("mounts", None):
        if len(mounts) > 1 or overwrites or found.keys() - {"agent"}:
            raise NotTranslated("--secret-mount: one file, on a line of its own")
        found["file"] = mounts
        return "mount-secret"
    return "replace-secrets" if overwrites else "import-secrets" if "file" in found else "set-secret"


def _options(words: Sequence[str], known: Verb) -> tuple[dict[str, list[str]], list[str]]:
    """What the options give, by what it is here, and the other words. Raises `NotTranslated`."""
    found: dict[str, list[str]] = {}
    others: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            return found, [*others, *left]
        if not word.startswith("-") or word == "-":
            others.append(word)
            continue
        written, equals, value = word.partition("=")
        name = SHORT.get(written, written)
        if name in QUIET:
            continue
        if name not in known.takes:
            raise _refusal(name, known.why)
        meaning, _, fixed = known.takes[name].partition("=")
        if name not in SWITCHES and not equals:
            value = next(left, "")
        if name not in SWITCHES and not value and name != "--deployment":
            raise NotTranslated(f"{name} has no value")
        if name == "--attributes" and (meaning in found or not value.startswith("{")):
            raise NotTranslated(f"{name}: one JSON object, without --attribute beside it")
        found[meaning] = [*(found.get(meaning, ()) if name in SEVERAL else ()), fixed or value]
    return found, others


def _joined(name: str, values: Sequence[str]) -> str:
    """Several values of one option as one answer."""
    if name == "filter":
        return f"id:{'|'.join(values)}"
    several = name == "mounts" or (name == "attributes" and not values[0].startswith("{"))
    return " ".join(map(word_of, values)) if several else values[-1]


def _refusal(name: str, why: Mapping[str, str]) -> NotTranslated:
    """Why an option is not taken."""
    reason = why.get(name) or WHY.get(name) or "it has no place on this line; dialogs ask for such things"
    return NotTranslated(f"{name}: {reason}")
