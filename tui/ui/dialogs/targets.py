"""What the keys of a pane are aimed at: identities under the cursor or marked, never row numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msgspec import Struct

from tui.fleet.state import Selection
from tui.fleet.tree import split
from tui.operations.fields import Answers
from tui.operations.operation import Operation


class Rows(Struct, frozen=True):
    """The rows of the pane that has the keyboard."""

    pane: str
    cursor: str = ""
    ghost: bool = False
    """What is under the cursor has gone."""
    marked: tuple[str, ...] = ()
    """Those shown, in order, then those that a filter hides."""
    shown: frozenset[str] = frozenset()


class Target(Struct, frozen=True):
    """One target."""

    selection: Selection
    answers: Answers
    hidden: bool = False
    """A filter hides its row."""


class NoTarget(ValueError):
    """There is nothing that it could be done to; the text says why."""


def find_targets(operation: Operation, rows: Rows, selection: Selection) -> list[Target]:
    """The targets of an operation: the marked rows where it can be done in bulk, else the cursor's.

    Raises `NoTarget`.
    """
    if operation.in_bulk and rows.marked and rows.pane in operation.keys:
        found = [_one(key, rows, selection) for key in rows.marked if _fits(key, rows.pane)]
        if not found:
            raise NoTarget("no marked row is a dispatch; \\ clears the marks")
        return found
    if rows.ghost:
        raise NoTarget("the row under the cursor is no longer in this list")
    if rows.pane == "secrets":
        return [Target(selection, _names(operation, rows))]
    return [_one(rows.cursor, rows, selection)]


def _fits(key: str, pane: str) -> bool:
    return pane != "dispatches" or key.startswith("dispatch:")


def _one(key: str, rows: Rows, selection: Selection) -> Target:
    hidden = bool(rows.shown) and key not in rows.shown
    if rows.pane == "agents":
        return Target(replace(selection, agent_id=key), Answers(), hidden)
    if rows.pane == "dispatches":
        room, dispatch_id, job_id = split(key)
        return Target(
            replace(selection, room=room, dispatch_id=dispatch_id, job_id=job_id), Answers(), hidden
        )
    texts = {"version": key} if rows.pane == "versions" and key else {}
    return Target(selection, Answers(texts), hidden)


def _names(operation: Operation, rows: Rows) -> Answers:
    names: Sequence[str] = rows.marked or ((rows.cursor,) if rows.cursor else ())
    return Answers({"name": rows.cursor, "names": "\n".join(names)})
