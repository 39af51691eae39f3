"""Dispatching an agent to a room (PROTOCOL.md, Dispatches and jobs)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from tui.api import changes
from tui.api.changes import Request
from tui.api.decoding.exact_dispatches import ExactDispatch, digest
from tui.api.errors import ApiError, NotFound, Unknown
from tui.fleet.find import is_no_room, unknown_agents
from tui.fleet.polling.room_polling import no_node_answers
from tui.fleet.polling.sources import DISPATCHES, PARTICIPANTS, ROOMS
from tui.fleet.state import Fleet, with_dispatches
from tui.fleet.view import View
from tui.operations.descriptions import agent_of, is_exact
from tui.operations.fields import Answers, Field, FieldKind, Hint, InvalidAnswer, Option
from tui.operations.journal.journal import Intent
from tui.operations.looks import dispatches_of, is_closed
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
from tui.operations.shell_commands import curl, lk
from tui.operations.verbs import dispatch_checks

ON_FAILURE, NEVER = "JRP_ON_FAILURE", "JRP_NEVER"
FRESH_ROOM = "room-"
"""What a made-up room name begins with, as with `lk dispatch create --new-room`."""


class CreateDispatch(Operation):
    """Ask for an agent in a room. Never sent twice by itself: a second one is a second agent."""

    id = dispatch_checks.CREATE
    label = "Dispatch"
    help = "send an agent to a room and watch it join"
    danger = Danger.REVERSIBLE
    method = changes.CREATE_DISPATCH
    usage = Usage(
        "dispatch",
        ("room", "agent_name"),
        ("deployment", "restart", "metadata", "attributes", "new_room"),
    )
    reads = (DISPATCHES,)
    sources = (ROOMS, DISPATCHES, PARTICIPANTS)

    def unfit(self, view: View) -> str:
        """Nothing need be selected."""
        return ""

    def target(self, view: View, answers: Answers) -> str:
        """Agent and room."""
        return f"{answers.text('agent')} in {answers.text('room')}"

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """What CreateDispatch takes, filled in from what is selected."""
        in_tree = view.selection.pane == "dispatches"
        agent = answers.text("agent") or ("" if in_tree else agent_of(view).name)
        room = answers.text("room") or (view.selection.room if in_tree else "")
        restart = Field(
            "restart",
            "restart",
            FieldKind.CHOICE,
            value=answers.text("restart") or ON_FAILURE,
            help="Cloud only: a self-hosted server stores it and restarts nothing",
        )
        return (
            Field("agent", "agent", value=agent, help="its dispatch name; ↓ suggests the names known here"),
            Field(
                "room",
                "room",
                value=room,
                fresh=FRESH_ROOM,
                starts_fresh=answers.text("new_room") == "yes",
                help="↓ suggests a new room, then open rooms",
            ),
            Field(
                "deployment", "deployment", value=answers.text("deployment"), help="empty means production"
            ),
            *(() if dispatch_checks.stores_restart_policy_only(view.fleet) else (restart,)),
            *_carried(answers),
        )

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """Names that exist."""
        fleet = view.fleet
        if name == "agent":
            known = dispatch_checks.known_agent_names(fleet)
            names = sorted(filter(is_exact, known), key=str.casefold)
            return tuple(Option(n, (n,) if known[n] == "agent" else (n, f"({known[n]})")) for n in names)
        if name == "room":
            rooms = sorted(room.name for room in fleet.rooms if is_exact(room.name))
            return tuple(Option(item, (item,)) for item in rooms)
        if name == "deployment":
            agents = dispatch_checks.by_name(fleet, answers.text("agent"))
            rows = {row.deployment for agent in agents for row in agent.agent_deployments}
            return tuple(Option(item, (item or "production",)) for item in sorted(rows))
        if name == "restart":
            return (Option(ON_FAILURE, ("on failure",)), Option(NEVER, ("never",)))
        return ()

    def check(self, view: View, answers: Answers) -> None:
        """Names, sizes and forms that LiveKit takes."""
        agent = answers.text("agent")
        if not agent:
            raise InvalidAnswer("agent", "type the agent's dispatch name, or ↓ to choose")
        if not is_exact(agent):
            raise InvalidAnswer(
                "agent", "this agent's name holds characters that cannot be sent back as shown"
            )
        dispatch_checks.check_room(answers.text("room"))
        dispatch_checks.check_deployment(dispatch_checks.deployment_of(answers.text("deployment")))
        dispatch_checks.check_sizes(_metadata(answers), _attributes(answers))

    def hints(self, view: View, answers: Answers) -> tuple[Hint, ...]:
        """Whether a worker will take it."""
        return tuple(dispatch_checks.hints(view, answers))

    def preview(self, view: View, answers: Answers) -> Preview:
        """What is about to be sent."""
        agent, room = answers.text("agent") or "an agent", answers.text("room") or "a room"
        deployment = dispatch_checks.deployment_of(answers.text("deployment")) or "production"
        starts = dispatch_checks.jobs_started(view.fleet, answers.text("agent"))
        unknown = ("agent id",) if unknown_agents(view.fleet) else ()
        doubles = dispatch_checks.dispatched_already(view.fleet, answers.text("agent"), answers.text("room"))
        return Preview(
            what=f"Dispatch {agent} to {room}",
            where=f"deployment {deployment}",
            effect=(f"{starts or 'one job, or one per publisher'}; undo with u within 30 s",),
            state=(*_agent_ids(view, answers), *dispatch_checks.there_now(doubles)),
            unknown=unknown if doubles is not None else (*unknown, dispatch_checks.THERE_NOW),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """CreateAgentDispatchRequest."""
        return {
            "room": answers.text("room"),
            "agent_name": answers.text("agent"),
            "metadata": _metadata(answers),
            "restart_policy": answers.text("restart") or ON_FAILURE,
            "deployment": dispatch_checks.deployment_of(answers.text("deployment")),
            "attributes": _attributes(answers),
        }

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk dispatch create`, which has no options for restart policy and attributes."""
        try:
            self.check(view, answers)
            request = self.request(view, answers)
        except InvalidAnswer:
            return ""
        if request["attributes"] or request["restart_policy"] != ON_FAILURE:
            return curl(self.method, request)
        words = ["--agent-name", answers.text("agent"), "--room", answers.text("room")]
        if request["deployment"]:
            words += ["--deployment", str(request["deployment"])]
        if request["metadata"]:
            words += ["--metadata", str(request["metadata"])]
        return lk("dispatch", "create", *words)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Enough to recognise it in a list; of what it carries only a digest, for that may be personal."""
        deployment = dispatch_checks.deployment_of(answers.text("deployment"))
        return {
            "room": answers.text("room"),
            "agent_name": answers.text("agent"),
            "digest": digest(_metadata(answers), _attributes(answers), deployment),
        }

    def arguments(self, answers: Answers) -> tuple[str, ...]:
        """Which parameters were given."""
        given = ("agent", "room", "deployment", "restart", "metadata", "attributes")
        return tuple(name for name in given if answers.text(name))

    async def baseline(self, remote: Remote, view: View, answers: Answers) -> Baseline:
        """The ids of the dispatches in the room; a room that is not listed holds none."""
        room = answers.text("room")
        with contextlib.suppress(ApiError):  # the list of rooms only spares the longer look
            if await is_closed(remote, room):
                return Baseline(no_room=is_no_room(view.fleet, room))
        try:
            return Baseline(tuple(item.id for item in await remote.exact_dispatches(room)))
        except ApiError as error:
            if error.status != 200 and not isinstance(error, NotFound):
                raise
            return Baseline(blind=True)  # it was answered, and nothing is known of what is there

    async def run(self, remote: Remote, view: View, answers: Answers, request_id: str) -> Receipt:
        """CreateDispatch."""
        made = await remote.change(
            changes.CREATE_DISPATCH, self.request(view, answers), request_id=request_id
        )
        return Receipt(made.id, made)

    async def refusal(self, remote: Remote, answers: Answers, before: Baseline, error: Unknown) -> str:
        """A server that creates no rooms finds nobody to answer for one that is not there, and makes nothing.

        In a room that was ever listed, the same answer may have come after the dispatch was made.
        """
        with contextlib.suppress(ApiError):
            is_candidate = before.no_room and no_node_answers(error)
            if is_candidate and await is_closed(remote, answers.text("room")):
                return "the room does not exist and this server does not create it"
        return ""

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """A new id in the room with the same name and content is the one that was asked for."""
        room, name = intent.facts.get("room", ""), intent.facts.get("agent_name", "")
        standing = await dispatches_of(remote, room) or ()
        before = set(intent.baseline)
        new = [item for item in standing if item.id not in before and _is_it(item, intent)]
        if not new:
            return Verification(Effect.NO, f"no new dispatch of {name} is in {room}")
        ids = ", ".join(item.id for item in new)
        if intent.is_blind:
            return Verification(
                Effect.CANNOT_TELL, f"{ids} in {room} looks like it, but what was there before is not known"
            )
        if len(new) > 1:
            words = f"{len(new)} new dispatches of {name} are in {room}, {ids}: which one is yours?"
            return Verification(Effect.CANNOT_TELL, words)
        listed = (await remote.list_dispatches(room, new[0].id)).items
        made = next((item for item in listed if item.id == new[0].id), None)
        receipt = Receipt(made.id, made) if made is not None else None
        return Verification(Effect.YES, f"created {new[0].id}", receipt=receipt)

    def absorb(self, fleet: Fleet, view: View, receipt: Receipt) -> Fleet:
        """The new dispatch is known at once."""
        made = receipt.dispatch
        if made is None:
            return fleet
        here = fleet.dispatches.get(made.room, ())
        is_known = any(item.id == made.id for item in here)
        return fleet if is_known else with_dispatches(fleet, made.room, (*here, made))

    def undo(self, view: View, answers: Answers, before: Baseline, receipt: Receipt) -> Undo | None:
        """Delete it again."""
        made = receipt.dispatch
        if made is None:
            return None
        selection = replace(view.selection, room=answers.text("room"), dispatch_id=made.id, job_id="")
        return Undo(dispatch_checks.DELETE, selection, Answers(), f"deletes {made.id}")


def _carried(answers: Answers) -> tuple[Field, ...]:
    """The questions for what LiveKit hands to the agent unread."""
    return (
        Field(
            "metadata",
            "metadata",
            FieldKind.BLOCK,
            value=answers.exact("metadata"),
            lines=4,
            help="handed to the agent as it is, most often JSON; Tab leaves",
        ),
        Field(
            "attributes",
            "attributes",
            FieldKind.BLOCK,
            value=answers.exact("attributes"),
            lines=2,
            help="name=value lines or a JSON object; Tab leaves",
        ),
    )


def _agent_ids(view: View, answers: Answers) -> tuple[Fact, ...]:
    """The ids of the agents with this name. A rename may leave the name to another agent."""
    name = answers.text("agent")
    ids = " ".join(agent.agent_id for agent in dispatch_checks.by_name(view.fleet, name)) if name else ""
    return (Fact("agent id", ids, ids),) if ids else ()


def _metadata(answers: Answers) -> str:
    return answers.exact("metadata")


def _attributes(answers: Answers) -> dict[str, str]:
    return dispatch_checks.attributes_of(answers.exact("attributes"))


def _is_it(item: ExactDispatch, intent: Intent) -> bool:
    facts = intent.facts
    return item.agent_name == facts.get("agent_name") and item.digest == facts.get("digest")
