"""Listing, creating and deleting private links (PROTOCOL.md, Private links). No screen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Struct

from tui.api import changes
from tui.api.changes import Request
from tui.api.errors import ApiError
from tui.api.models import PrivateLink, PrivateLinkStatus, instant
from tui.api.text.masking import masked
from tui.fleet.view import View
from tui.operations.descriptions import NO_API
from tui.operations.fields import Answers, Field, FieldKind, InvalidAnswer, Option
from tui.operations.journal.journal import Intent
from tui.operations.looks import whole
from tui.operations.operation import (
    Baseline,
    Danger,
    Effect,
    Fact,
    Operation,
    Preview,
    Receipt,
    Usage,
    Verification,
)
from tui.operations.remote import Remote
from tui.operations.shell_commands import lk

PORTS: Final = range(1, 65536)
AT_ONCE: Final = 4
"""Links whose health is asked for at the same time: one that gets no answer holds up few others."""
_GAP: Final = "\t"
"""Between the words of a link that a form was prepared with; remote text holds none once it is cleaned."""


class LinkState(Struct, frozen=True):
    """A private link and its health."""

    link: PrivateLink
    health: str
    """`Healthy`, `Pending Approval` …; `Not known` where it could not be asked for."""
    reason: str = ""
    """The service's words, or why it could not be asked for."""
    updated_at: float | None = None
    """Unix seconds."""


class Links(NamedTuple):
    """The links of a project."""

    states: tuple[LinkState, ...]
    """By name."""
    unreadable: int
    """How many more there are whose rows could not be read."""


async def link_states(remote: Remote) -> Links:
    """Every link, each with its health. Raises the tree of `tui.api.errors` for the list alone."""
    batch = await remote.list_links()
    links = sorted(batch.items, key=lambda item: (item.name, item.private_link_id))
    turns = asyncio.Semaphore(AT_ONCE)
    states = await asyncio.gather(*(_with_health(remote, link, turns) for link in links))
    return Links(tuple(states), batch.unreadable)


async def _with_health(remote: Remote, link: PrivateLink, turns: asyncio.Semaphore) -> LinkState:
    try:
        async with turns:
            found = await remote.link_status(link.private_link_id)
    except ApiError as error:
        return LinkState(link, "Not known", str(error))
    return LinkState(link, health_words(found), masked(found.reason), instant(found.updated_at))


def health_words(status: PrivateLinkStatus) -> str:
    """`PRIVATE_LINK_STATUS_PENDING_APPROVAL` → `Pending Approval`."""
    return str(status.status).removeprefix("PRIVATE_LINK_STATUS_").replace("_", " ").title()


class CreateLink(Operation):
    """Make a private link."""

    id = "create_link"
    label = "Create link"
    help = "connect agents to an endpoint in your own network"
    danger = Danger.REVERSIBLE
    method = changes.CREATE_LINK
    usage = Usage("create-link", ("name",), ("endpoint", "port", "region", "cloud_region"))
    prepares = True

    def unfit(self, view: View) -> str:
        """A server with Cloud Agents."""
        return no_api(view)

    def target(self, view: View, answers: Answers) -> str:
        """The new link's name: its id is not known yet."""
        return answers.text("name")

    async def prepare(self, remote: Remote, view: View, answers: Answers) -> Answers:
        """The regions that there are."""
        settings = await remote.settings()
        regions = [name.strip() for name in settings.get("available_regions", "").split(",") if name.strip()]
        return answers.with_texts(regions=_GAP.join(regions or ["us-east"]))

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """What a link needs."""
        region = answers.text("region") or answers.text("regions").split(_GAP)[0]
        asked = (
            ("name", "name", "what you call it"),
            ("endpoint", "endpoint", "the host on your side, as the provider names its service"),
            ("port", "port", "1 to 65535"),
            ("region", "region", "of the agents that use it"),
            ("cloud_region", "cloud region", "the provider's own name of it; may stay empty"),
        )
        given = {**answers.texts, "region": region}
        return tuple(Field(name, label, value=given.get(name, ""), help=help) for name, label, help in asked)

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """Regions."""
        if name != "region":
            return ()
        return tuple(Option(word, (word,)) for word in answers.text("regions").split(_GAP) if word)

    def check(self, view: View, answers: Answers) -> None:
        """Raises `InvalidAnswer`."""
        for name, what in (("name", "a name"), ("endpoint", "an endpoint"), ("region", "a region")):
            if not answers.text(name):
                raise InvalidAnswer(name, f"type {what}")
        if _port(answers) not in PORTS:
            raise InvalidAnswer("port", "port: a number from 1 to 65535")

    def preview(self, view: View, answers: Answers) -> Preview:
        """Nothing uses it before its owner approves it."""
        return Preview(
            what=f"Create a private link {answers.text('name')}".strip(),
            where=answers.text("region") or "no region",
            effect=(
                "the owner of the endpoint has to approve it before anything goes through",
                "undo by deleting it",
            ),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """CreatePrivateLinkRequest."""
        body: dict[str, object] = {name: answers.text(name) for name in ("name", "region", "endpoint")}
        body["port"] = _port(answers)
        return body | ({"cloud_region": cloud} if (cloud := answers.text("cloud_region")) else {})

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent private-link create`."""
        words = [f"--{name}={answers.text(name)}" for name in ("name", "port", "endpoint", "region")]
        if cloud := answers.text("cloud_region"):
            words.append(f"--cloud-region={cloud}")
        return lk("agent", "private-link", "create", *words)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """What the new link looks like."""
        return {"name": answers.text("name"), "endpoint": answers.text("endpoint")}

    async def baseline(self, remote: Remote, view: View, answers: Answers) -> Baseline:
        """The links that are there."""
        batch = await remote.list_links()
        return Baseline(tuple(item.private_link_id for item in batch.items), blind=not batch.is_whole)

    async def run(self, remote: Remote, view: View, answers: Answers, request_id: str) -> Receipt:
        """CreatePrivateLink."""
        answer = await remote.change(changes.CREATE_LINK, self.request(view, answers), request_id=request_id)
        return Receipt(answer.private_link.private_link_id if answer.private_link else "")

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """A link of that name and endpoint that was not there."""
        wanted = (intent.facts.get("name", ""), intent.facts.get("endpoint", ""))
        new = tuple(
            item.private_link_id
            for item in whole(await remote.list_links(), "links")
            if item.private_link_id not in intent.baseline and (item.name, item.endpoint) == wanted
        )
        if not new:
            return Verification(Effect.NO, "no new link of that name is listed")
        if intent.is_blind or len(new) > 1:
            return Verification(Effect.CANNOT_TELL, f"{', '.join(new)} may be it, or somebody else's")
        return Verification(Effect.YES, f"made, {new[0]}")


class DeleteLink(Operation):
    """Delete a private link."""

    id = "delete_link"
    label = "Delete link"
    help = "delete a private link; agents lose the way through it"
    danger = Danger.DESTROYS
    method = changes.DESTROY_LINK
    usage = Usage("delete-link", ("link",))
    prepares = True

    def unfit(self, view: View) -> str:
        """A server with Cloud Agents."""
        return no_api(view)

    def target(self, view: View, answers: Answers) -> str:
        """The link's id."""
        return answers.text("link")

    async def prepare(self, remote: Remote, view: View, answers: Answers) -> Answers:
        """The links that there are."""
        rows = [
            _GAP.join((item.link.private_link_id, item.link.name, item.link.endpoint, item.health))
            for item in (await link_states(remote)).states
        ]
        return answers.with_texts(links="\n".join(rows))

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """Which one, where that was not said."""
        if answers.text("link"):
            return ()
        columns = ("LINK", "NAME", "ENDPOINT", "HEALTH")
        return (Field("link", "link", FieldKind.PICK, columns=columns, lines=6),)

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """Every link."""
        return tuple(Option(row[0], row) for row in _known(answers).values())

    def check(self, view: View, answers: Answers) -> None:
        """Raises `InvalidAnswer`."""
        if not answers.text("link"):
            raise InvalidAnswer("link", "choose a link")
        if "links" in answers.texts and answers.text("link") not in _known(answers):
            raise InvalidAnswer("link", f"there is no private link {answers.text('link')}")

    def preview(self, view: View, answers: Answers) -> Preview:
        """What goes with it."""
        link_id = answers.text("link")
        row = _known(answers).get(link_id, (link_id,))
        name = f'"{row[1]}" ({link_id})' if len(row) > 1 else link_id or "…"
        facts = (Fact("endpoint", row[2]), Fact("health", row[3])) if len(row) == 4 else ()
        return Preview(
            what=f"Delete the private link {name}",
            where="all agents of the project",
            effect=("agents lose the way through it at once", "cannot be undone"),
            state=facts,
            typed=(link_id,),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """DestroyPrivateLinkRequest."""
        return {"private_link_id": answers.text("link")}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent private-link delete`."""
        return lk("agent", "private-link", "delete", "--id", answers.text("link"))

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Which link must be gone."""
        return {"link": answers.text("link")}

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Gone from the list."""
        link_id = intent.facts.get("link", "")
        listed = whole(await remote.list_links(), "links")
        if any(item.private_link_id == link_id for item in listed):
            return Verification(Effect.NO, "the link is still there")
        return Verification(Effect.YES, "the link is gone")


def no_api(view: View) -> str:
    """Why a server has no private links; empty if it may."""
    return NO_API if view.fleet.fresh("agents").absent else ""


def _port(answers: Answers) -> int:
    text = answers.text("port")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _known(answers: Answers) -> dict[str, tuple[str, ...]]:
    """Id → words of the links that the form was prepared with."""
    rows = (tuple(line.split(_GAP)) for line in answers.text("links").split("\n") if line)
    return {row[0]: row for row in rows}
