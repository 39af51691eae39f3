"""From the words of a command line to the target of an operation. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tui.fleet.find import AmbiguousName, find_agent, no_such_agent, no_such_thing
from tui.fleet.state import Fleet
from tui.fleet.view import Selection
from tui.operations.fields import Answers, InvalidAnswer
from tui.operations.operation import Operation


def parse_arguments(
    operation: Operation, words: Sequence[str], fleet: Fleet, selection: Selection
) -> tuple[Selection, Answers]:
    """What the words mean; what they leave open stays as selected, or is asked by the form.

    Raises `InvalidAnswer` for words that name nothing.
    """
    usage = operation.usage
    asked = [FIELD_IDS.get(kind, kind) for kind in usage.arguments if kind not in ("agent", "dispatch")]
    texts, words = split_options(words, (*usage.options, *asked) if usage.options else ())
    if len(words) > len(usage.arguments):
        raise InvalidAnswer("", f"too many words; it is: {usage}")
    for kind, word in zip(usage.arguments, words, strict=False):
        if kind == "agent":
            selection = replace(selection, agent_id=resolve_agent(fleet, word))
        elif kind == "dispatch":
            selection = replace(selection, room=room_of_dispatch(fleet, word), dispatch_id=word, job_id="")
        else:
            texts[FIELD_IDS.get(kind, kind)] = word
        if kind == "secret":  # for what takes several
            texts["names"] = word
    return selection, Answers(texts)


FIELD_IDS = {"agent_name": "agent", "secret": "name"}
"""Kind of argument → id of the question that it answers, where they differ."""


def resolve_agent(fleet: Fleet, word: str) -> str:
    """An agent by id, or by a name that it has alone. Raises `InvalidAnswer`."""
    try:
        found = find_agent(fleet, word)
    except AmbiguousName as error:
        raise InvalidAnswer("agent", str(error)) from None
    if found is None:
        raise InvalidAnswer("agent", no_such_agent(fleet, word))
    return found.agent_id


def room_of_dispatch(fleet: Fleet, dispatch_id: str) -> str:
    """The room of a dispatch. Raises `InvalidAnswer`: there is no call that finds it."""
    for room, dispatches in fleet.dispatches.items():
        if any(item.id == dispatch_id for item in dispatches):
            return room
    raise InvalidAnswer("", no_such_thing(fleet, dispatch_id))


def split_options(words: Sequence[str], names: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """The words of the form `name=value` with one of these names, and all other words."""
    options: dict[str, str] = {}
    others: list[str] = []
    for word in words:
        name, sign, value = word.partition("=")
        if sign and name in names:
            options[name] = value
        else:
            others.append(word)
    return options, others
