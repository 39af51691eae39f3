"""Deleting a dispatch (PROTOCOL.md, Dispatches and jobs)."""

from __future__ import annotations

from collections.abc import Mapping

from tui.api import changes
from tui.api.changes import Request
from tui.fleet.conditions import job_condition
from tui.fleet.evidence import evidence_of
from tui.fleet.polling.sources import DISPATCHES, PARTICIPANTS
from tui.fleet.state import Fleet, with_dispatches
from tui.fleet.view import View
from tui.operations.descriptions import dispatch_of, dispatch_state, is_exact, no_dispatch, running
from tui.operations.fields import Answers
from tui.operations.journal.journal import Intent
from tui.operations.looks import dispatches_of
from tui.operations.operation import (
    Baseline,
    Danger,
    Effect,
    Fact,
    Operation,
    Preview,
    Receipt,
    Undo,
    Usage,
    Verification,
)
from tui.operations.remote import Remote
from tui.operations.shell_commands import lk
from tui.operations.verbs import dispatch_checks
from tui.operations.verbs.redispatch import copy_of


class DeleteDispatch(Operation):
    """Delete a dispatch from its room; its jobs end within seconds."""

    id = dispatch_checks.DELETE
    label = "Delete dispatch"
    help = "delete this dispatch from its room; its jobs end within seconds"
    danger = Danger.REVERSIBLE
    method = changes.DELETE_DISPATCH
    usage = Usage("undispatch", ("dispatch",))
    reads = (DISPATCHES,)
    source = DISPATCHES
    sources = (DISPATCHES, PARTICIPANTS)
    in_bulk = True

    def unfit(self, view: View) -> str:
        """A dispatch is needed."""
        if dispatch_of(view) is None:
            return no_dispatch(view)
        return "" if is_exact(view.selection.room) else "this room's name cannot be sent back as shown"

    def target(self, view: View, answers: Answers) -> str:
        """Its id and room."""
        return f"{view.selection.dispatch_id} in {view.selection.room}"

    def preview(self, view: View, answers: Answers) -> Preview:
        """What it ends."""
        selection = view.selection
        found = dispatch_of(view)
        if found is None:
            return Preview(
                what=f"Delete dispatch {selection.dispatch_id}",
                where=f"room {selection.room}",
                effect=("it is not among the dispatches received: whether jobs run is not known",),
                state=(Fact("jobs", "not known"),),
            )
        room = evidence_of(view, selection.room)
        working = running(job_condition(job, room.of(found.id)) for job in found.jobs)
        none = "whether jobs run is not known" if found.id in room.unlisted else "no running jobs"
        return Preview(
            what=f"Delete dispatch {selection.dispatch_id} of {found.agent_name or '(automatic dispatch)'}",
            where=f"room {selection.room}",
            effect=(
                f"{working}: ended within about 3 s" if working else none,
                "undo with u within 30 s: creates it again",
            ),
            state=dispatch_state(view, found),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """DeleteAgentDispatchRequest."""
        return {"room": view.selection.room, "dispatch_id": view.selection.dispatch_id}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk dispatch delete`."""
        return lk("dispatch", "delete", view.selection.room, view.selection.dispatch_id)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Where to look for it."""
        return {"room": view.selection.room, "dispatch_id": view.selection.dispatch_id}

    async def baseline(self, remote: Remote, view: View, answers: Answers) -> Baseline:
        """What it carries, exactly, to be able to create it again."""
        room, dispatch_id = view.selection.room, view.selection.dispatch_id
        standing = await remote.exact_dispatches(room)
        return Baseline(original=next((item for item in standing if item.id == dispatch_id), None))

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Gone from its room, or the room gone with it."""
        room, dispatch_id = intent.facts.get("room", ""), intent.facts.get("dispatch_id", "")
        standing = await dispatches_of(remote, room)
        if standing is None:
            return Verification(
                Effect.YES, f"room {room} is not open any more, and {dispatch_id} went with it"
            )
        if any(item.id == dispatch_id for item in standing):
            return Verification(Effect.NO, f"{dispatch_id} is still in {room}")
        return Verification(Effect.YES, f"{dispatch_id} is gone from {room}")

    def absorb(self, fleet: Fleet, view: View, receipt: Receipt) -> Fleet:
        """Remove it from the list at once."""
        room, gone = view.selection.room, view.selection.dispatch_id
        kept = tuple(item for item in fleet.dispatches.get(room, ()) if item.id != gone)
        return with_dispatches(fleet, room, kept) if room in fleet.dispatches else fleet

    def undo(self, view: View, answers: Answers, before: Baseline, receipt: Receipt) -> Undo | None:
        """Create it again with everything it carried."""
        original = before.original
        if original is None or not original.agent_name or not is_exact(original.agent_name):
            return None
        words = f"dispatches {original.agent_name} to {view.selection.room} again"
        return Undo(dispatch_checks.CREATE, view.selection, copy_of(original), words)
