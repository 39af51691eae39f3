"""The list of agents: worst first, filtered live, the cursor on an identity.

Longer than other panes for its tables: columns, fields of the filter and orders to sort in are data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from operator import attrgetter
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.api.clean import confusable, is_deceptive
from tui.api.models import Agent
from tui.fleet.cells import Cell, Cells, ColumnLayout, status_glyph, status_tone, tail
from tui.fleet.facts import AgentFacts, FactsCache
from tui.fleet.query import Subject, Value
from tui.fleet.state import View
from tui.fleet.status import replicas
from tui.fleet.times import age, seen, when
from tui.ui.operation_keys import operation_keys
from tui.ui.panes.lists import ListPane
from tui.ui.widgets.lines import Line
from tui.ui.widgets.table import Past

HOT = 0.9
"""Share of a limit that is an alarm; above `WARM` it is a warning (product.md b5)."""
WARM = 0.7


class AgentsPane(ListPane):
    """Pane 1."""

    NUMBER = "1"
    NAME = "Agents"
    HELP = "every agent of the project, problems first"
    SOURCE = "agents"
    COLUMNS = (
        ColumnLayout("status", "S", 1),
        ColumnLayout("name", "NAME", 18, grow=3),
        ColumnLayout("id", "ID", 15, rank=7),
        ColumnLayout("regions", "REGIONS", 10, grow=1, rank=3),
        ColumnLayout("state", "STATUS", 13, grow=1),
        ColumnLayout("version", "VERSION", 7, rank=4),
        ColumnLayout("replicas", "REPL", 8, right=True, rank=2, falls=True),
        ColumnLayout("cpu", "CPU", 14, right=True, rank=6, falls=True),
        ColumnLayout("mem", "MEM", 10, right=True, rank=5, falls=True),
        ColumnLayout("events", "EVENTS", 7, rank=1, falls=True),
        ColumnLayout("since", "SINCE", 5, right=True, rank=1),
        ColumnLayout("seen", "SEEN", 5, right=True, rank=8),
        ColumnLayout("deployed", "DEPLOYED", 9, right=True, rank=9, wide=True, clock=True),
        ColumnLayout("deployments", "DEPLOYMENTS", 13, rank=10, wide=True),
        ColumnLayout("owner", "OWNER", 10, rank=11, wide=True),
        ColumnLayout("commit", "COMMIT", 8, rank=12, wide=True),
        ColumnLayout("branch", "BRANCH", 10, rank=13, wide=True),
        ColumnLayout("server", "SERVER REGION", 13, rank=14, wide=True),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "status": "status word, or a family: error, sleep, healthy, moving",
        "name": "agent name",
        "id": "agent id",
        "region": "region",
        "deployment": "deployment name",
        "version": "version tag",
        "replicas": "current replicas, a number",
        "events": "crashes and restarts, a number",
        "age": "since deployed: age>2d",
        "seen": "since observed: seen>5m",
        "cpu": "share of its limit: cpu>70%",
        "mem": "share of its limit: mem>70%",
    }
    SORTS: ClassVar[Mapping[str, str]] = {
        "state": "severity, then name",
        "name": "name",
        "id": "id",
        "regions": "regions",
        "version": "version",
        "replicas": "replicas",
        "cpu": "share of the CPU limit",
        "mem": "share of the memory limit",
        "events": "number of events",
        "since": "newest change first",
        "deployed": "newest deployment first",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        *operation_keys("agents"),
        Binding("N", "sort('name')", "Sort by name", show=False),
        Binding("S", "sort('state')", "Sort by severity", show=False),
        Binding("A", "sort('deployed')", "Sort by age", show=False),
        Binding("C", "sort('cpu')", "Sort by CPU", show=False),
        Binding("M", "sort('mem')", "Sort by memory", show=False),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self.problems_only = False
        self.sort = "state"
        self.facts = FactsCache()
        self._known: tuple[object, ...] = ()
        self._keys: list[str] = []
        self._derived_from: tuple[Agent, ...] | None = None
        self._derived: list[AgentFacts] = []
        self._hidden_problems = 0
        self._twins: set[str] = set()

    def inputs(self, view: View) -> tuple[object, ...]:
        """The listing and what is derived from it."""
        fleet = view.fleet
        step = view.monotonic if fleet.changed else 0.0  # change marks grow old
        return (fleet.agents, fleet.since, fleet.changed, fleet.versions, fleet.unreadable, step)

    def show(self, view: View) -> None:
        """A mark of an agent that was deleted must not wait for the next one."""
        if self.table.marked and view.fleet.agents:
            self.table.unmark_gone(lambda key: key in view.fleet.index)
        super().show(view)

    def marked(self, view: View) -> list[Agent]:
        """The agents that are marked, in the order shown."""
        found = (view.fleet.agent(key) for key in self.table.marked)
        return [agent for agent in found if agent is not None]

    # ---- which rows -----------------------------------------------------------------------------------

    def keys(self, view: View) -> Sequence[str]:
        """Ids after filter and sort; computed anew only when agents, filter or order changed."""
        agents = view.fleet.agents
        moving = "age" in self.query_now.source or "seen" in self.query_now.source
        known = (
            *(agents, self.query_now.source, self.sort, self.reverse, self.problems_only),
            view.fleet.since if self.sort == "since" else None,
            view.now if moving else None,
        )
        if known != self._known or not self._keys:
            self._known = known
            self._keys = self._choose(view)
        return self._keys

    def _choose(self, view: View) -> list[str]:
        everything = self._derive(view)
        if self.query_now or self.problems_only:
            chosen = [fact for fact in everything if self._passes(fact, view)]
            problems = sum(fact.status.problem for fact in everything)
            self._hidden_problems = problems - sum(fact.status.problem for fact in chosen)
        else:
            chosen = everything.copy()
            self._hidden_problems = 0
        chosen.sort(key=self._order(view), reverse=self.reverse)
        return [fact.agent.agent_id for fact in chosen]

    def _derive(self, view: View) -> list[AgentFacts]:
        """The facts of every agent, in the order received."""
        agents = view.fleet.agents
        if agents is not self._derived_from:
            if len(self.facts) > 2 * len(agents) + 64:
                self.facts.prune(view.fleet.index)
            self._derived_from = agents
            # nearly always the same agents in the same order, nearly all of them as they were
            before = chain(self._derived, repeat(None))
            self._derived = [
                fact if fact is not None and fact.agent is agent else self.facts.of(agent)
                for agent, fact in zip(agents, before, strict=False)
            ]
            self._twins = _twins(self._derived)
        return self._derived

    def _passes(self, fact: AgentFacts, view: View) -> bool:
        if self.problems_only and not fact.status.problem:
            return False
        return self.query_now.matches(Subject(fact.text, partial(_field, fact, view.now)))

    def _order(self, view: View) -> Callable[[AgentFacts], tuple[object, ...]]:
        since = view.fleet.since

        def began(fact: AgentFacts) -> float:
            known = since.get(fact.agent.agent_id)
            return -(known.at or 0.0) if known else 0.0

        orders: dict[str, Callable[[AgentFacts], tuple[object, ...]]] = {
            "name": attrgetter("order"),
            "id": lambda fact: (fact.agent.agent_id,),
            "regions": lambda fact: (fact.regions, fact.order),
            "version": lambda fact: (fact.version, fact.order),
            "replicas": lambda fact: (-replicas(fact.agent)[0], fact.order),
            "cpu": lambda fact: (-fact.cpu_share, fact.order),
            "mem": lambda fact: (-fact.mem_share, fact.order),
            "events": lambda fact: (-fact.event_count, fact.order),
            "deployed": lambda fact: (-(fact.deployed_at or 0.0), fact.order),
            "since": lambda fact: (began(fact), fact.order),
        }
        return orders.get(self.sort, attrgetter("rank"))

    # ---- what a row says ------------------------------------------------------------------------------

    def cells(self, view: View, key: str) -> Cells:
        """One agent in a line."""
        agent = view.fleet.agent(key)
        if agent is None:
            return ()
        fact = self.facts.of(agent)
        look = status_tone(fact.status)
        version = view.fleet.versions.get(key, ())
        current = next((v for v in version if v.current), None)
        attributes = current.attributes if current else {}
        since = view.fleet.since.get(key)
        begun = age(view.now - since.at) if since and since.at is not None else "–"
        named = agent.name or "(no name)"
        odd = key in self._twins
        return (
            Cell(status_glyph(fact.status), look),
            Cell(f"{named} ≠" if odd else named, "warn" if odd else "text" if agent.name else "muted"),
            Cell(key, "muted"),
            Cell(fact.regions, short=_count(fact.regions, ",", "regions")),
            Cell(fact.status_text, look),
            Cell(_short_version(fact), "muted"),
            Cell(fact.replicas, "text"),
            Cell(fact.cpu, _heat(fact.cpu_share)),
            Cell(fact.mem, _heat(fact.mem_share)),
            Cell(fact.events or "–", "warn" if fact.events else "muted", _first(fact.events, " ")),
            Cell(begun, "text" if begun != "–" else "muted"),
            Cell(seen(view.now - fact.seen_at) if fact.seen_at else "never", "muted"),
            Cell(when(fact.deployed_at, now=view.now, style=view.times, never="never"), "muted"),
            Cell(fact.deployments, "text", _first(fact.deployments, ",")),
            Cell(current.owner if current else "", "text"),
            Cell(attributes.get("git_commit", ""), "text"),
            Cell(attributes.get("git_branch", ""), "text"),
            Cell(fact.server_regions, "muted", _first(fact.server_regions, ",")),
        )

    def past(self, view: View, key: str) -> Past | None:
        """How the agent looked before it changed, within the last minute."""
        change = view.fleet.changed.get(key)
        cells = self.cells(view, key) if change else ()
        if change is None or not cells:
            return None
        old = AgentFacts(change.before)
        before = {
            3: old.regions,
            4: old.status_text,
            5: _short_version(old),
            6: old.replicas,
            9: old.events or "–",
        }
        if all(cells[index].text == words for index, words in before.items()):
            return None  # only figures that move at every observation
        then = tuple(Cell(before.get(index, cell.text), cell.tone) for index, cell in enumerate(cells))
        return Past(then, view.monotonic - change.at)

    def title(self, view: View) -> Line:
        """`[12/48] !3 </status:error>`: a filter can never hide a problem silently."""
        total, shown = len(view.fleet.agents), len(self._keys)
        words = [Cell(f" [{shown}/{total}]" if shown != total else f" [{total}]", "text")]
        if self._hidden_problems:
            words.append(Cell(f" !{self._hidden_problems} hidden", "error"))
        if view.fleet.unreadable:
            words.append(Cell(f" {view.fleet.unreadable} unreadable", "warn"))
        if self.problems_only:
            words.append(Cell(" problems only", "accent"))
        if self.query_now:
            words.append(Cell(f" </{self.query_now.source}>", "accent"))
        return tuple(words)

    def empty(self, view: View) -> str:
        """No agents at all, or no problems."""
        if self.problems_only and view.fleet.agents:
            return "No problems. ! shows every agent."
        return "" if view.fleet.fresh("agents").at is None else "No agents in this project."

    def raw_item(self) -> object | None:
        """The agent."""
        return self.view.fleet.agent(self.table.cursor) if self.view else None

    def sort_by(self, column: str) -> None:
        """Sort by a column; the sign and the word of a status are one."""
        super().sort_by("state" if column == "status" else column)

    def action_sort(self, column: str) -> None:
        """Sort by a column."""
        self.sort_by(column)

    def toggle_problems(self) -> None:
        """Show only agents with problems, or all."""
        self.problems_only = not self.problems_only
        self.asked()

    @property
    def is_narrowed(self) -> bool:
        """A filter is on, or only problems are shown."""
        return super().is_narrowed or self.problems_only

    def widen(self) -> None:
        """Take the filter off, then show more than problems."""
        if super().is_narrowed:
            super().widen()
        elif self.problems_only:
            self.toggle_problems()

    def go_to(self, agent_id: str) -> None:
        """Put the cursor on an agent, showing all of them if it is hidden."""
        if self.table.select(agent_id):
            return
        self.set_filter("")
        self.problems_only = False
        self.asked()
        self.table.select(agent_id)


_FIELDS: Mapping[str, Callable[[AgentFacts, float], Value]] = {
    "status": lambda fact, now: f"{fact.status_text} {fact.status.family}",
    "name": lambda fact, now: fact.agent.name,
    "id": lambda fact, now: fact.agent.agent_id,
    "region": lambda fact, now: fact.regions,
    "deployment": lambda fact, now: fact.deployments,
    "version": lambda fact, now: fact.version,
    "replicas": lambda fact, now: float(replicas(fact.agent)[0]),
    "events": lambda fact, now: float(fact.event_count),
    "age": lambda fact, now: now - fact.deployed_at if fact.deployed_at else None,
    "seen": lambda fact, now: now - fact.seen_at if fact.seen_at else None,
    "cpu": lambda fact, now: fact.cpu_share if fact.cpu_share >= 0 else None,
    "mem": lambda fact, now: fact.mem_share if fact.mem_share >= 0 else None,
}


def _field(fact: AgentFacts, now: float, name: str) -> Value:
    """A field of an agent for the filter grammar."""
    return _FIELDS[name](fact, now)


def _short_version(fact: AgentFacts) -> str:
    if fact.agent.never_deployed:
        return "none"
    return "mixed" if fact.version.endswith(" mixed") else tail(fact.version)


def _count(listed: str, separator: str, noun: str) -> str:
    """A list of several that does not fit, as a number."""
    count = listed.count(separator) + 1
    return f"{count} {noun}" if count > 1 else ""


def _first(listed: str, separator: str) -> str:
    """A list of several that does not fit, as its first and how many more."""
    first, _, rest = listed.partition(separator)
    return f"{first} +{rest.count(separator) + 1}" if rest else ""


def _heat(share: float) -> str:
    return "error" if share >= HOT else "warn" if share >= WARM else "text" if share >= 0 else "muted"


def _twins(everything: list[AgentFacts]) -> set[str]:
    """Agents whose name can be mistaken for another's that is not the same name (hazards.md A6)."""
    odd = [fact for fact in everything if fact.is_odd]
    if not odd:
        return set()
    names: dict[str, set[str]] = {}
    for fact in everything:
        names.setdefault(confusable(fact.agent.name), set()).add(fact.agent.name)
    return {
        fact.agent.agent_id
        for fact in odd
        if len(names[confusable(fact.agent.name)]) > 1 or is_deceptive(fact.agent.name)
    }
