"""Updating an agent: secrets and a restart in one call."""

from __future__ import annotations

from msgspec.structs import replace as with_fields

from tui.api import changes
from tui.api.changes import Request
from tui.fleet.view import View
from tui.operations.fields import Answers, Field, Option
from tui.operations.operation import Preview, Receipt, Usage
from tui.operations.remote import Remote
from tui.operations.shell_commands import curl, lk
from tui.operations.verbs.secrets_operation import (
    EMPTY_OPTIONS,
    SecretsOperation,
    difference,
    file_fields,
    file_words,
    messages,
    need_secrets,
    read_file,
    with_secrets,
)
from tui.packaging.secrets import SecretSet


class Update(SecretsOperation):
    """Set secrets and restart, in one call; without secrets it is a restart. Never sent twice by itself."""

    id = "update"
    label = "Update"
    help = "set the secrets of a file, if one is given, and restart the workers"
    method = changes.UPDATE_AGENT
    prominent = False
    usage = Usage("update", ("agent", "file"), ("empty",))

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """A file, which may be left out."""
        return file_fields(answers, "leave empty to only restart; Enter reads the file")

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """What to do with empty values."""
        return EMPTY_OPTIONS if name == "empty" else ()

    def resolve(self, answers: Answers) -> Answers:
        """Read the file, if one is named."""
        return read_file(answers) if answers.text("file") else with_secrets(answers, "file", SecretSet)

    def check(self, view: View, answers: Answers) -> None:
        """A file that was named was read."""
        if answers.text("file"):
            need_secrets(answers, "file")

    def preview(self, view: View, answers: Answers) -> Preview:
        """What is set, and that it restarts."""
        if answers.secrets.secrets:
            return self.shown(view, "Update and restart", *difference(view, answers.secrets))
        shown = self.shown(view, "Update and restart", "no secret is changed")
        return with_fields(shown, effect=(*shown.effect[:-1], "cannot be undone"))

    def request(self, view: View, answers: Answers) -> Request:
        """UpdateAgentRequest; regions are never sent."""
        return {"agent_id": view.selection.agent_id, "secrets": messages(answers.secrets.secrets)}

    async def run(self, remote: Remote, view: View, answers: Answers, request_id: str) -> Receipt:
        """UpdateAgent. Of its two effects a look shows only the secrets."""
        await super().run(remote, view, answers, request_id)
        return Receipt("secrets set; that it restarts leaves no trace" if answers.secrets.secrets else "")

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent update` takes no id, only what a livekit.toml names."""
        if not answers.text("file"):
            return curl(self.method, self.request(view, answers))
        return lk("agent", "update-secrets", "--id", view.selection.agent_id, *file_words(answers))
