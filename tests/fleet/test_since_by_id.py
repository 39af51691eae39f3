"""Since when agents and deployments have their status, by id: as a dictionary would hold it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.fleet.past import Since, deployment_key
from tui.fleet.since_by_id import SinceById

AGENTS = ("CA_1", "CA_2", "CA_3", "CA_1/x", "CA_1/x/", "/", "")
SINCE = st.builds(Since, st.sampled_from(("Running", "Error")))
NEWS = st.dictionaries(st.sampled_from(("", "/us-east/", "/us-east/staging", "/x/y", "//")), SINCE)
NOTES = st.lists(st.tuples(st.sampled_from(AGENTS), NEWS))


def noted(notes: list[tuple[str, dict[str, Since]]], held: SinceById, plain: dict[str, Since]) -> None:
    """Note them in both."""
    for agent_id, news in notes:
        held.note(agent_id, news)
        plain |= {agent_id + rest: since for rest, since in news.items()}


@given(NOTES, NOTES)
def test_it_holds_what_a_dictionary_holds(
    first: list[tuple[str, dict[str, Since]]], later: list[tuple[str, dict[str, Since]]]
) -> None:
    held, plain = SinceById(), dict[str, Since]()
    noted(first, held, plain)
    before, copy, more = dict(plain), held.copy(), SinceById()
    assert held == plain == SinceById(plain.items()) and len(held) == len(plain)
    noted(later, copy, plain)
    noted(later, more, {})
    assert held == before, "the copy is another one"
    assert copy == plain == held.updated(more) and len(copy) == len(plain)
    for agent_id in AGENTS:
        known = copy.of(agent_id).by_rest()
        for id, since in plain.items():
            if id == agent_id or id.startswith(f"{agent_id}/"):
                assert known[id.removeprefix(agent_id)] == since


def test_what_is_not_known_is_not_there() -> None:
    held = SinceById([("CA_1", Since("Running"))])
    key = deployment_key("CA_1", "us-east", "")
    assert held.get(key) is None and held.get("CA_2") is None and not held.of("CA_2").rests
    with pytest.raises(KeyError, match="CA_1/us-east/"):
        held[key]


def test_agents_in_the_same_regions_share_what_names_these() -> None:
    """There may be fifty thousand."""
    held = SinceById()
    for number in range(9):
        rests = ("", *(deployment_key("", region, "") for region in ("us-east", "eu-central")))
        held.note(f"CA_{number}", dict.fromkeys(rests, Since("Running", float(number))))
    assert len({id(held.of(f"CA_{number}").rests) for number in range(9)}) == 1
