"""An agent by what an operator types."""

from __future__ import annotations

import pytest

from tui.api.models import Agent
from tui.fleet.find import AmbiguousName, agents_called, find_agent
from tui.fleet.state import Fleet, with_agents

ONE = Agent(agent_id="CA_1", agent_name="inbound")
TWIN = Agent(agent_id="CA_2", agent_name="twin")
OTHER = Agent(agent_id="CA_3", agent_name="twin")
NAMED_AS_AN_ID = Agent(agent_id="CA_4", agent_name="CA_1")
FLEET = with_agents(Fleet(), (ONE, TWIN, OTHER, NAMED_AS_AN_ID))


@pytest.mark.parametrize(
    ("word", "found"), [("CA_2", TWIN), ("inbound", ONE), ("CA_1", ONE), ("none", None), ("", None)]
)
def test_an_id_comes_before_a_name(word: str, found: Agent | None) -> None:
    assert find_agent(FLEET, word) == found


def test_a_name_of_several_names_none() -> None:
    assert agents_called(FLEET, "twin") == (TWIN, OTHER)
    with pytest.raises(AmbiguousName, match="2 agents are called 'twin': give an id, CA_2, CA_3"):
        find_agent(FLEET, "twin")
