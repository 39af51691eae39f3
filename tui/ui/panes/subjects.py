"""From what an event is about to what is there of it now: its agent, its line in the tree."""

from __future__ import annotations

from tui.api.models import Agent
from tui.fleet.lists.tree import find_key, key_of
from tui.fleet.past import Subject
from tui.fleet.view import View
from tui.operations.targets import NoTarget


def agent_of(view: View, subject: Subject) -> Agent:
    """The agent, by its id or else its name. Raises `NoTarget`."""
    found = view.fleet.agent(subject.agent_id) if subject.agent_id else None
    if found is None and subject.agent_name:
        found = next((item for item in view.fleet.agents if item.name == subject.agent_name), None)
    if found is not None:
        return found
    named = subject.agent_name or subject.agent_id
    raise NoTarget(
        f"{named} is not listed any more" if named else "this row does not belong to exactly one agent"
    )


def node_of(view: View, subject: Subject) -> str:
    """The line of the job, dispatch or room in the tree. Raises `NoTarget`."""
    found = find_key(view.fleet, subject.job_id or subject.dispatch_id)
    if not found and subject.room in view.fleet.dispatches:
        found = key_of(subject.room)
    if found:
        return found
    known = subject.job_id or subject.dispatch_id or subject.room
    raise NoTarget(f"{known} is not in the tree any more" if known else "this row has no job")
