"""Dialogs of operations with everything in them known, for the scenes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.screen import Screen

from tui.api.models import PrivateLink
from tui.fleet.view import Selection
from tui.operations.fields import Answers
from tui.operations.join_watch import JoinHealth, JoinProgress
from tui.operations.journal.journal import AuditEntry, Intent, Origin, Verdict
from tui.operations.journal.outcome import Outcome
from tui.operations.registry import BY_ID
from tui.operations.targets import Target
from tui.operations.verbs.private_links import LinkState
from tui.packaging.secrets import SecretSet, SecretToSend
from tui.secret import Secret
from tui.ui.app import Lktop
from tui.ui.dialogs.audit import Audit
from tui.ui.dialogs.bulk import BulkDialog
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.dialogs.fields.secret_input import SecretInput as SecretField
from tui.ui.dialogs.operation import OperationDialog
from tui.ui.dialogs.operation_model import OperationPhase
from tui.ui.dialogs.private_links import PrivateLinks
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.dialogs.unresolved import Unresolved
from tui.ui.widgets.table import LineTable

Over = Callable[[Lktop], Screen[None]]
AGENT = "support-triage"
AT = 1_786_000_000.0
PEM = Secret("-----BEGIN CERTIFICATE-----\ncanary-of-the-scenes\n-----END CERTIFICATE-----\n")
OPS = Origin("mara", "192.0.2.7")


def context(app: Lktop) -> ProjectContext:
    """The context of the project that the scene watches."""
    found = app.launcher.context_of(app.main.view.selection)
    assert found is not None
    return found


def chosen(app: Lktop, agent: str, room: str = "") -> Selection:
    """An agent by name, or the first dispatch of a room."""
    fleet = context(app).store.fleet
    agent_id = next(item.agent_id for item in fleet.agents if item.name == agent)
    dispatch = fleet.dispatches[room][0].id if room else ""
    return Selection(agent_id=agent_id, room=room, dispatch_id=dispatch)


def asking(
    operation: str,
    texts: Mapping[str, str] | None = None,
    *,
    agent: str = AGENT,
    room: str = "",
    secrets: SecretSet | None = None,
    request: bool = False,
) -> Over:
    """A dialog that asks, with these answers in it; with `request`, after its dry run."""

    def over(app: Lktop) -> Screen[None]:
        answers = Answers(texts or {}, {}, secrets or SecretSet())
        dialog = Asking(context(app), BY_ID[operation], chosen(app, agent, room), answers)
        dialog.model.shows_request = request
        return dialog

    return over


class Asking(OperationDialog):
    """A dialog whose preparations need nobody, and whose secret was pasted already."""

    async def _prepare(self) -> None:
        self.pending.answer(self.pending.answers.with_texts(regions="us-east"))
        await self._put()

    async def _put(self) -> None:
        await super()._put()
        if self.form is not None and isinstance(value := self.form.widget("value"), SecretField):
            value.put(PEM)


def from_file(*names: str) -> SecretSet:
    """What a secrets file held."""
    found = tuple(SecretToSend(name, Secret(f"value of {name}")) for name in names)
    return SecretSet(found, (), ())


class Ended(OperationDialog):
    """A dialog whose operation is over."""

    async def _put(self) -> None:
        await super()._put()
        self.model.phase = OperationPhase.ENDED
        self.frame.conclude()
        self.frame.button("cancel").focus()
        self.redraw()


def joined(app: Lktop) -> Screen[None]:
    """The join watch, at its end."""
    answers = Answers({"agent": "concierge", "room": "lobby-kiosk-3"})
    dialog = Ended(context(app), BY_ID["dispatch"], chosen(app, "concierge"), answers)
    words = "Dispatch concierge in lobby-kiosk-3: created in 96 ms · AD_qdMjviuEvYxR"
    dialog.model.outcome = Outcome(Verdict.DONE, words)
    dialog.model.notice = (FactLine("", words, "ok"),)
    dialog.model.join = JoinProgress(
        dispatch_id="AD_qdMjviuEvYxR",
        accepted=0.14,
        job_id="AJ_c9VtYw3LpQeN",
        job=0.62,
        identity="agent-AJ_c9VtYw3LpQeN",
        joined=1.31,
        waited=2.0,
        mood=JoinHealth.GOOD,
        verdict="joined after 1.3 s",
        over=True,
    )
    return dialog


def nobody(app: Lktop) -> Screen[None]:
    """The join watch, when nobody comes."""
    answers = Answers({"agent": AGENT, "room": "call-8003"})
    dialog = Ended(context(app), BY_ID["dispatch"], chosen(app, AGENT), answers)
    words = f"Dispatch {AGENT} in call-8003: created in 96 ms · AD_qdMjviuEvYxR"
    dialog.model.outcome = Outcome(Verdict.DONE, words)
    dialog.model.notice = (FactLine("", words, "ok"),)
    dialog.model.join = JoinProgress(
        dispatch_id="AD_qdMjviuEvYxR",
        accepted=0.14,
        waited=34.0,
        mood=JoinHealth.BAD,
        verdict="accepted 34 s ago, no agent yet: no worker took it, 0 jobs",
        cause="agent keeps crashing: there may be no worker to take it",
    )
    return dialog


def unknown(app: Lktop) -> Screen[None]:
    """An answer that was lost, and an effect that was not seen."""
    answers = Answers({"agent": AGENT, "room": "call-8003"})
    dialog = Ended(context(app), BY_ID["dispatch"], chosen(app, AGENT), answers)
    words = f"Dispatch {AGENT} in call-8003: no dispatch like it is listed; it may still appear"
    dialog.model.outcome = Outcome(Verdict.NOT_SEEN, words, may_resend=True)
    dialog.model.notice = (
        FactLine("", words, "warn"),
        FactLine("request id", "6f1d6c2e-7c0b-4d0e-9a55-1f2b3c4d5e6f", "muted"),
    )
    return dialog


def several(app: Lktop) -> Screen[None]:
    """Marked agents, one of which a filter hides."""
    names = (AGENT, "kyc-verifier", "concierge")
    aims = [Target(chosen(app, name), Answers(), hidden=name == "concierge") for name in names]
    return BulkDialog(context(app), BY_ID["restart"], aims)


def _intent(number: int, operation: str, target: str, reason: str = "", *given: str) -> Intent:
    return Intent(
        f"i{number}",
        AT - 600 * number,
        "demo",
        operation,
        target,
        request_id=f"6f1d6c2e-7c0b-4d0e-9a55-00000000000{number}",
        arguments=given,
        reason=reason,
        origin=OPS,
    )


def trail(app: Lktop) -> Screen[None]:
    """What was done from here."""
    done = "20261102145016 → 20261031071328"
    entries = [
        AuditEntry(_intent(1, "rollback", "CA_x6tScqYrQgqU to 20261031071328", "INC-412", "version"), None),
        AuditEntry(
            _intent(2, "restart", "CA_x6tScqYrQgqU", "INC-412"), Verdict.UNKNOWN, "may or may not", 30.2
        ),
        AuditEntry(
            _intent(3, "rollback", "CA_x6tScqYrQgqU", "bad deploy", "version"), Verdict.DONE, done, 0.2
        ),
        AuditEntry(
            _intent(4, "set_secret", "CA_x6tScqYrQgqU", "key rotation", "OPENAI_API_KEY"),
            Verdict.REFUSED,
            "refused by LiveKit: agent is busy",
            0.1,
        ),
    ]
    return Audit(entries)


def left_open(app: Lktop) -> Screen[None]:
    """What an earlier session left without a known end."""
    intents = [
        _intent(1, "restart", "CA_x6tScqYrQgqU", "INC-412"),
        _intent(2, "dispatch", "concierge in lobby-kiosk-3"),
    ]
    return Looked(context(app), intents)


class Looked(Unresolved):
    """Effects that nobody has to be asked for."""

    def action_look(self) -> None:
        restart, dispatch = self._intents.values()
        self._found = {
            restart.id: Outcome(
                Verdict.UNKNOWN,
                f"Restart {restart.target}: it may or may not have happened",
            ),
            dispatch.id: Outcome(Verdict.DONE, f"Dispatch {dispatch.target}: created AD_qdMjviuEvYxR"),
        }
        self._draw()


class Known(PrivateLinks):
    """Private links that nobody has to be asked for."""

    async def _ask(self) -> None:
        links = [
            LinkState(_link("CAPL_t4WbNx8QmKzd", "pg-prod", 5432), "Healthy", "", AT - 7200),
            LinkState(
                _link("CAPL_9sKdTn2LpWqa", "redis-eu", 6379), "Pending Approval", "waiting for owner", AT
            ),
        ]
        self._rows = {item.link.private_link_id: item for item in links}
        self.query_one(LineTable).show(list(self._rows), self._cells, ghosts=False)
        self._draw()


def _link(id: str, name: str, port: int) -> PrivateLink:
    return PrivateLink(
        private_link_id=id,
        name=name,
        region="us-east",
        port=port,
        endpoint="com.amazonaws.vpce.us-east-1.vpce-svc-0abc",
        connection_endpoint=f"{name}.gw.internal",
        cloud_region="us-east-1",
    )


def links(app: Lktop) -> Screen[None]:
    """Private links."""
    return Known(context(app), lambda name, words: None)


FILE = {"file": ".env", "empty": "refuse"}
METADATA = '{"lang": "nl", "caller": "+31 20 123 4567"}'
DIALOGS: Mapping[str, Over] = {
    "restart": asking("restart"),
    "rollback": asking("rollback"),
    "promote": asking("promote", agent="drive-thru"),
    "update": asking("update"),
    "dispatch": asking(
        "dispatch", {"agent": AGENT, "room": "call-8003", "metadata": METADATA, "attributes": "tenant=7"}
    ),
    "dry-run": asking("dispatch", {"agent": AGENT, "room": "call-8003"}, request=True),
    "undispatch": asking("undispatch", room="call-7301"),
    "set-secret": asking("set_secret", {"name": "OPENAI_API_KEY"}),
    "import-secrets": asking(
        "import_secrets", FILE, secrets=from_file("OPENAI_API_KEY", "DEEPGRAM_API_KEY", "EXTRA")
    ),
    "replace-secrets": asking("replace_secrets", FILE, secrets=from_file("NEW_KEY")),
    "remove-secrets": asking("remove_secrets", {"names": "OPENAI_API_KEY"}),
    "mount-secret": asking("mount_secret"),
    "delete-deployment": asking("delete_deployment", {"deployment": "canary"}, agent="drive-thru"),
    "delete-agent": asking("delete_agent", agent="drive-thru"),
    "create-link": asking("create_link", {"name": "pg-prod"}),
    "joined": joined,
    "nobody": nobody,
    "unknown": unknown,
    "several": several,
    "audit": trail,
    "unresolved": left_open,
    "links": links,
}
"""Every dialog of an operation, and what surrounds them."""
SHOWN = ("rollback",)
"""Those that the README may show."""
