"""Setting, importing, mounting, removing and replacing an agent's secrets (PROTOCOL.md, Secrets).

Set, import, mount and remove keep the rest; only `ReplaceSecrets` has the overwrite that wipes what is not
named.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui.api.changes import Request
from tui.api.models import RESERVED_SECRETS
from tui.fleet.view import View
from tui.operations.descriptions import agent_of, typed_names
from tui.operations.fields import Answers, Field, FieldKind, InvalidAnswer, Option
from tui.operations.looks import inconclusive
from tui.operations.operation import Baseline, Danger, Preview, Usage
from tui.operations.remote import Remote
from tui.operations.shell_commands import curl, lk
from tui.operations.verbs.secrets_operation import (
    EMPTY_OPTIONS,
    KIND_FILE,
    SecretsOperation,
    difference,
    file_fields,
    file_words,
    need_file,
    need_secrets,
    path_of,
    read_file,
    secrets,
    unlisted,
    with_secrets,
)
from tui.packaging.secrets import MOUNT_LIMIT, SecretToSend, collect


class SetSecret(SecretsOperation):
    """Set one secret and keep the rest."""

    id = "set_secret"
    label = "Set secret"
    help = "set one secret, keeping the others; its value is masked as it is typed"
    usage = Usage("set-secret", ("agent", "secret"))

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """Name and value."""
        return (
            Field("name", "name", value=answers.text("name"), rest="value", help="letters, digits and _"),
            Field("value", "value", FieldKind.SECRET, help="type or paste; it is never shown. ctrl+u clears"),
        )

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """Names that are set."""
        return tuple(Option(item.name, (item.name,)) for item in secrets(view)) if name == "name" else ()

    def resolve(self, answers: Answers) -> Answers:
        """The one secret, judged."""
        typed = SecretToSend(answers.text("name"), answers.value("value"))
        return with_secrets(answers, "value", lambda: collect(typed=(typed,)))

    def check(self, view: View, answers: Answers) -> None:
        """A name and a value that can be sent."""
        name = answers.text("name")
        if not name:
            raise InvalidAnswer("name", "type a name")
        if name in RESERVED_SECRETS:
            raise InvalidAnswer("name", f"{name} is set by LiveKit itself in every agent")
        if not answers.value("value"):
            raise InvalidAnswer(
                "value", f"{name} has no value: LiveKit would take it, the agent would miss it"
            )
        need_secrets(self.resolve(answers), "value")

    def preview(self, view: View, answers: Answers) -> Preview:
        """New or replaced."""
        name = answers.text("name")
        if not name:
            return self.shown(view, "Set a secret of", "no name yet; others unchanged")
        known = any(item.name == name for item in secrets(view))
        words = f"{name} {'gets a new value' if known else 'is added'}"
        if not known and (why := unlisted(view)):
            words = f"whether {name} is set already is not known, {why}"
        return self.shown(view, "Set a secret of", f"{words}; others unchanged")

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent update-secrets`, with a file: a value on a command line can be read by others."""
        return lk("agent", "update-secrets", "--id", view.selection.agent_id, "--secrets-file", "FILE")


class NewSecret(SetSecret):
    """Set a secret that is not there yet."""

    id = "new_secret"
    label = "New secret"
    help = "add a secret, keeping the others"
    usage = Usage("new-secret", ("agent", "secret"))
    asks_anew = True

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """A new name is none of those that are set."""
        return ()

    def check(self, view: View, answers: Answers) -> None:
        """A name that is free."""
        name = answers.text("name")
        if any(item.name == name for item in secrets(view)):
            raise InvalidAnswer("name", f"{name} is set already: :set-secret gives it a new value")
        super().check(view, answers)


class FromFile(SecretsOperation):
    """What those share that take their secrets from a KEY=VALUE file."""

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """The file, and what to do with empty values."""
        return file_fields(answers)

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """What to do with empty values."""
        return EMPTY_OPTIONS if name == "empty" else ()

    def resolve(self, answers: Answers) -> Answers:
        """Read the file."""
        return read_file(answers)

    def check(self, view: View, answers: Answers) -> None:
        """A file with something in it: replacing by nothing is removing, which is asked for by name."""
        need_file(answers)
        need_secrets(answers, "file")


class ImportSecrets(FromFile):
    """Set the secrets of a KEY=VALUE file and keep the rest."""

    id = "import_secrets"
    label = "Import secrets"
    help = "set the secrets of a KEY=VALUE file, keeping the others"
    usage = Usage("import-secrets", ("agent", "file"), ("empty",))

    def preview(self, view: View, answers: Answers) -> Preview:
        """Names that are new and names that get another value."""
        return self.shown(view, "Import secrets into", *difference(view, answers.secrets), "others unchanged")

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent update-secrets`."""
        return lk("agent", "update-secrets", "--id", view.selection.agent_id, *file_words(answers))


class MountSecret(SecretsOperation):
    """Mount a file as a secret and keep the rest."""

    id = "mount_secret"
    label = "Mount file"
    help = f"mount a file of at most {MOUNT_LIMIT >> 20} MiB under /etc/secrets/, keeping the other secrets"
    usage = Usage("mount-secret", ("agent", "file"))

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """The file."""
        return (
            Field("file", "file", FieldKind.FILE, value=answers.text("file"), help="a path; Enter reads it"),
        )

    def resolve(self, answers: Answers) -> Answers:
        """Read the file, whatever its bytes."""
        return with_secrets(answers, "file", lambda: collect(mounts=(path_of(answers),)))

    def check(self, view: View, answers: Answers) -> None:
        """A file that was read."""
        need_file(answers)
        need_secrets(answers, "file")

    def preview(self, view: View, answers: Answers) -> Preview:
        """Where it will be, and what is known of it."""
        one = next(iter(answers.secrets.secrets), None)
        if one is None:
            return self.shown(view, "Mount a file in", "no file read yet")
        words = f"/etc/secrets/{one.name}: {one.fingerprint}"
        known = any(item.name == one.name for item in secrets(view))
        effect = (
            "replaces the secret of that name; others unchanged"
            if known
            else "adds this secret; others unchanged"
        )
        if not known and (why := unlisted(view)):
            effect = f"whether this secret is new is not known: {why}"
        return self.shown(view, "Mount a file in", words, effect)

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent update-secrets --secret-mount`."""
        file = str(path_of(answers)) if answers.text("file") else "FILE"
        return lk("agent", "update-secrets", "--id", view.selection.agent_id, "--secret-mount", file)


class RemoveSecrets(SecretsOperation):
    """Remove secrets by name. `lk` cannot."""

    id = "remove_secrets"
    label = "Remove secret"
    help = "remove the secret under the cursor, or the marked ones; others unchanged"
    danger = Danger.DESTROYS
    usage = Usage("remove-secrets", ("agent", "secret"))
    needs_one = True

    def target(self, view: View, answers: Answers) -> str:
        """Agent and names."""
        return f"{view.selection.agent_id} {' '.join(answers.names())}"

    def check(self, view: View, answers: Answers) -> None:
        """Names that are there."""
        if not answers.names():
            raise InvalidAnswer("", "no secret is selected")
        gone = [name for name in answers.names() if all(item.name != name for item in secrets(view))]
        if gone and not unlisted(view):
            raise InvalidAnswer("", f"not there any more: {', '.join(gone)}")

    def preview(self, view: View, answers: Answers) -> Preview:
        """Which ones go and what stays."""
        names = answers.names()
        rest = sum(item.name not in names for item in secrets(view))
        stay = f"{rest} {'other' if rest == 1 else 'others'} unchanged"
        if why := unlisted(view):
            stay = f"{f'at least {stay}' if rest else 'an unknown number of others unchanged'} ({why})"
        return self.shown(
            view,
            f"Remove {len(names)} {'secret' if len(names) == 1 else 'secrets'} from",
            f"{stay}; an agent that needs a removed secret crashes at start",
            lost=tuple(f"removes: {name}" for name in names),
            typed=(view.selection.agent_id,),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """UpdateAgentSecretsRequest with `remove`, never together with `overwrite`."""
        return {
            "agent_id": view.selection.agent_id,
            "secrets": [],
            "remove": list(answers.names()),
            "overwrite": False,
        }

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk` has no option for it."""
        return curl(self.method, self.request(view, answers))

    def arguments(self, answers: Answers) -> tuple[str, ...]:
        """The names."""
        return answers.names()

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Names that must be gone."""
        return {"agent_id": view.selection.agent_id, "remove": "\n".join(answers.names())}


class ReplaceSecrets(FromFile):
    """Replace the whole set by a file: names that are not in it are removed."""

    id = "replace_secrets"
    label = "Replace ALL secrets"
    help = "replace the whole set by a KEY=VALUE file: secrets not in it are removed"
    danger = Danger.DESTROYS
    usage = Usage("replace-secrets", ("agent", "file"), ("empty",))

    def preview(self, view: View, answers: Answers) -> Preview:
        """Every name that is removed, one a line."""
        kept = {one.name for one in answers.secrets.secrets}
        gone = [item for item in secrets(view) if item.name not in kept] if kept else []
        files = {KIND_FILE: " (a mounted file)"}
        lost = tuple(f"REMOVES: {item.name}{files.get(str(item.kind), '')}" for item in gone)
        agent, why = agent_of(view), unlisted(view)
        known = f"which secrets are removed is not known: {why}" if why else "" if lost else "none is removed"
        return self.shown(
            view,
            "Replace ALL secrets of",
            *difference(view, answers.secrets),
            *((known,) if kept and known else ()),
            lost=lost,
            typed=typed_names(view, agent),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """UpdateAgentSecretsRequest with `overwrite`."""
        return {**super().request(view, answers), "overwrite": True}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent update-secrets --overwrite`."""
        words = ("--id", view.selection.agent_id, *file_words(answers), "--overwrite")
        return lk("agent", "update-secrets", *words)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Names that must be new, and names that must be gone."""
        kept = {one.name for one in answers.secrets.secrets}
        gone = [item.name for item in secrets(view) if item.name not in kept]
        return {**super().facts(view, answers), "remove": "\n".join(gone)}

    async def baseline(self, remote: Remote, view: View, answers: Answers) -> Baseline:
        """When each was last updated. What is removed was shown only if all of them are known."""
        before = await super().baseline(remote, view, answers)
        if before.blind:
            raise inconclusive("which secrets would be removed is not listed")
        return before
