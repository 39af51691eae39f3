"""Repeating a dispatch, with everything that it carries."""

from __future__ import annotations

import json
from dataclasses import replace

from tui.api.decoding.exact_dispatches import ExactDispatch
from tui.api.errors import NotFound
from tui.fleet.view import View
from tui.operations.descriptions import dispatch_of, no_dispatch
from tui.operations.fields import Answers
from tui.operations.operation import Usage
from tui.operations.remote import Remote
from tui.operations.verbs.dispatch import CreateDispatch


class Redispatch(CreateDispatch):
    """The same once more, with everything that a dispatch carries."""

    id = "redispatch"
    label = "Re-dispatch"
    help = "send a copy of this dispatch, after a look at it"
    usage = Usage("redispatch", ("dispatch",))
    prepares = True

    def unfit(self, view: View) -> str:
        """A dispatch of a named agent is needed."""
        found = dispatch_of(view)
        if found is None:
            return no_dispatch(view)
        return "" if found.agent_name else "an automatic dispatch has no agent name to send a copy for"

    async def prepare(self, remote: Remote, view: View, answers: Answers) -> Answers:
        """Everything that it carries, exactly: what is shown of it is cleaned and cut."""
        room, dispatch_id = view.selection.room, view.selection.dispatch_id
        standing = await remote.exact_dispatches(room)
        original = next((item for item in standing if item.id == dispatch_id), None)
        if original is None:
            raise NotFound(f"{dispatch_id} is not in {room} any more", self.method.label)
        return replace(copy_of(original), texts={**copy_of(original).texts, **answers.texts})


def copy_of(original: ExactDispatch) -> Answers:
    """The answers that make a dispatch like this one."""
    attributes = json.dumps(dict(original.attributes), ensure_ascii=False) if original.attributes else ""
    return Answers(
        {
            "agent": original.agent_name,
            "room": original.room,
            "deployment": original.deployment,
            "restart": original.restart_policy,
            "metadata": original.metadata,
            "attributes": attributes,
        }
    )
