"""Private links: their screen, and the two operations on them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.scripted import connected, http, serving
from tests.deploy.app import Hands, running
from tests.fixtures.operation import Setup, operation_setup
from tui.api.changes import CREATE_LINK
from tui.operations.fields import Answers, InvalidAnswer
from tui.operations.journal.journal import Verdict
from tui.operations.registry import BY_ID
from tui.operations.remote import Remote
from tui.operations.verbs.private_links import Links, link_states
from tui.sim.scenarios.specs import FaultSpec
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.private_links import PrivateLinks
from tui.ui.widgets.table import LineTable

LINK = {"name": "warehouse", "endpoint": "vpce-1.example", "port": "5432", "region": "us-east"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """A small fleet without links."""
    async with operation_setup(tmp_path) as opened:
        yield opened


async def test_a_link_is_made_listed_and_deleted(here: Setup) -> None:
    view = await here.look()
    made = await here.do("create_link", view, **LINK)
    assert made.verdict is Verdict.DONE, made.words
    (item,), _ = await link_states(here.session.client)
    assert (item.link.name, item.link.port, item.health) == ("warehouse", 5432, "Provisioning")
    assert item.link.private_link_id in made.words
    gone = await here.do("delete_link", view, link=item.link.private_link_id)
    assert gone.verdict is Verdict.DONE, gone.words
    assert here.effects() == ["CreatePrivateLink", "DestroyPrivateLink"]
    assert await link_states(here.session.client) == ((), 0)


async def test_why_a_link_is_not_well_repeats_no_token() -> None:
    listed = http(200, '{"items":[{"private_link_id":"CAPL_1"}]}')
    reason = "refused for eyJhbGciOi.eyJpc3Mi.signature"
    async with (
        serving(listed, http(200, json.dumps({"value": {"reason": reason}}))) as server,
        connected(server.url) as client,
    ):
        (item,), _ = await link_states(client)
    assert item.reason == "refused for ***"


@pytest.mark.parametrize("name", ["create_link", "delete_link"])
async def test_a_lost_answer_is_looked_for_and_nothing_is_done_twice(here: Setup, name: str) -> None:
    view = await here.look()
    link_id = ""
    if name == "delete_link":
        await here.do("create_link", view, **LINK)
        link_id = (await link_states(here.session.client)).states[0].link.private_link_id
    before = here.effects()
    path = "*/CreatePrivateLink" if name == "create_link" else "*/DestroyPrivateLink"
    here.simulator.faults.add(FaultSpec(path=path, action="close", after_effect=True, times=1))
    answers = LINK if name == "create_link" else {"link": link_id}
    outcome = await here.do(name, view, **answers)
    assert outcome.verdict is Verdict.DONE, outcome.words
    assert len(here.effects()) == len(before) + 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": ""}, "name"), ({"endpoint": " "}, "endpoint"), ({"port": "0"}, "port")]
    + [({"port": text}, "port") for text in ("65536", "x", "-1", "٣", "")],
)
async def test_what_is_no_link(here: Setup, changes: dict[str, str], field: str) -> None:
    view = await here.look()
    with pytest.raises(InvalidAnswer) as caught:
        BY_ID["create_link"].check(view, Answers({**LINK, **changes}))
    assert caught.value.field == field


async def test_a_link_whose_health_cannot_be_asked_for_is_listed_all_the_same(here: Setup) -> None:
    await here.do("create_link", await here.look(), **LINK)
    here.simulator.faults.add(FaultSpec(path="*/GetPrivateLinkStatus", message="busy", times=1))
    (item,), _ = await link_states(here.session.client)
    assert item.health == "Not known" and "busy" in item.reason
    here.simulator.world.link_status[item.link.private_link_id].reason = "401: eyJhbGciOi.eyJpc3Mi.x"
    (item,), _ = await link_states(here.session.client)
    assert item.reason == "401: ***"


async def read_in_part(remote: Remote) -> Links:
    """Two links, of which nothing could be read."""
    return Links((), 2)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.campaign)], ids=str)
async def test_links_from_the_keyboard(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running(tmp_path, size=size) as hands:
        hands.simulator.faults.add(FaultSpec(path="*/ListPrivateLinks", message="busy", times=1))
        await hands.command("links")
        await hands.on(PrivateLinks)
        await hands.see(" private links of prod", "not read: busy")
        assert "0 private links" not in hands.shown(), "unknown is not none"
        await hands.press("ctrl+r")
        await hands.see("0 private links of prod", "no private links")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tui.ui.dialogs.private_links.link_states", read_in_part)
            await hands.press("ctrl+r")
            await hands.see("0 private links of prod  2 unreadable", "No link that could be read.")
        await hands.press("ctrl+r")
        hands.app.notify("something")
        await hands.press("ctrl+n")
        dialog = await hands.opened()
        assert not hands.app._notifications, "a toast covers no dialog, over whatever it opens"
        for name in ("name", "endpoint", "port"):
            dialog.query_one(Form).focus_field(name)
            await hands.paste(LINK[name])
        await hands.go()
        await hands.on(PrivateLinks)
        await hands.see("1 private link of prod", "warehouse", "Provisioning", "vpce-1.example")
        await hands.press("ctrl+d")
        dialog = await hands.opened()
        await hands.see("Delete the private link", "warehouse")
        link_id = next(iter(hands.simulator.world.links))
        dialog.frame.query_one("#row-typed Input").focus()
        await hands.paste(link_id)
        await hands.go()
        await hands.on(PrivateLinks)
        await hands.see("0 private links of prod")
        assert hands.names() == ["CreatePrivateLink", "DestroyPrivateLink"]
        await hands.press("escape")
        await hands.home()


async def test_a_health_without_an_answer_does_not_keep_the_links_from_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.dialogs.private_links.EVERY", 0.1)
    async with running(tmp_path) as hands:
        await add_links(hands, "warehouse", "cellar")
        hands.simulator.faults.add(FaultSpec(path="*/GetPrivateLinkStatus", action="silence"))
        session = hands.app.session
        assert session is not None
        session.client.deadline = 0.5  # longer than the time between two looks
        await hands.command("links")
        await hands.on(PrivateLinks)
        await hands.see("2 private links of prod", "warehouse", "cellar", "Not known", "no answer")


async def test_rows_that_could_not_be_read_again_are_dated(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        await add_links(hands, "warehouse")
        await hands.command("links")
        await hands.on(PrivateLinks)
        await hands.see("1 private link of prod", "warehouse")
        hands.simulator.faults.add(FaultSpec(path="*/ListPrivateLinks", message="busy", times=1))
        await hands.press("ctrl+r")
        await hands.see("1 private link of prod  stale 0 s · busy")
        table = hands.app.screen.query_one(LineTable)
        assert table.dim
        await hands.press("ctrl+r")
        await hands.until(lambda: not table.dim)
        assert "stale" not in hands.screen


async def test_the_link_whose_health_is_asked_for_has_the_cursor(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        ids = await add_links(hands, "cellar", "warehouse")
        await hands.command(f"lk agent private-link health-status --id {ids[1]}")
        screen = await hands.on(PrivateLinks)
        await hands.see(f"link {ids[1]}")
        assert screen.query_one(LineTable).cursor == ids[1]
        await hands.press("escape")
        await hands.command("lk agent private-link health-status --id CAPL_other")
        await hands.on(PrivateLinks)
        await hands.see("2 private links of prod  CAPL_other is not among them")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_all_of_a_link_can_be_read(tmp_path: Path, size: tuple[int, int]) -> None:
    endpoint = "/subscriptions/0a1b/resourceGroups/voice/providers/Microsoft.Network/privateLinkServices/db"
    async with running(tmp_path, size=size) as hands:
        await hands.command("links")
        await hands.on(PrivateLinks)
        await hands.see("no private links")
        assert "ctrl+d" not in hands.screen, "no link, no key for it"
        await add_links(hands, "warehouse", endpoint=endpoint, cloud_region="westeurope")
        await hands.press("ctrl+r")
        await hands.see("ctrl+d delete", "us-east · cloud region westeurope")
        assert f"{endpoint}·port5432" in hands.flowing.replace(" ", "")


async def add_links(
    hands: Hands, *names: str, endpoint: str = "vpce-1.example", cloud_region: str = ""
) -> list[str]:
    """Make links; their ids."""
    session = hands.app.session
    assert session is not None
    made = []
    for name in names:
        body = {**LINK, "name": name, "port": 5432, "endpoint": endpoint, "cloud_region": cloud_region}
        answer = await session.client.change(CREATE_LINK, body, request_id=name)
        assert answer.private_link is not None
        made.append(answer.private_link.private_link_id)
    return made
