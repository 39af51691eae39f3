"""What commands and options `lk` has, and what each of them is here: data, which `lk` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Verb(Struct, frozen=True):
    """One command of `lk`."""

    command: str
    """Our command; empty where there is none."""
    places: tuple[str, ...] = ()
    """What our command takes as plain words, in order; everything else is written `name=value`."""
    takes: Mapping[str, str] = {}
    """Option of `lk` → what it is here."""
    words: tuple[str, ...] = ()
    """What its plain words are here, in order."""
    needs: tuple[str, ...] = ()
    """What may not be left open, because `lk` would find it elsewhere than under the cursor."""
    why: Mapping[str, str] = {}
    """Option that it has and we have not → the reason."""
    named: bool = False
    """Plain words could be taken for each other: without one of them all are written `name=value`."""


_ID: Final = {"--id": "agent"}
_SOURCE: Final = {
    "--secrets-file": "secrets",
    "--secret-mount": "mounts",
    "--ignore-empty-secrets": "empty=skip",
    "--attribute": "attributes",
    "--attributes": "attributes",
    "--no-default-attributes": "git=no",
    "--skip-sdk-check": "sdk=skip",
}
"""Options of creating and deploying."""
_ON_LIST: Final = dict.fromkeys(("--attribute", "--attributes"), "filter the list with / instead")
_LATEST: Final = {"--region": "a deploy cannot move an agent; lk ignores it too"}
_FIRST: Final = {"--deployment": "a new agent begins with production; lk ignores it too"}

_AGENT: Final[Mapping[str, Verb]] = {
    "create": Verb("create", ("dir",), {**_SOURCE, "--region": "region"}, ("dir",), why=_FIRST),
    "deploy": Verb("deploy", ("dir",), {**_SOURCE, "--deployment": "deployment"}, ("dir",), why=_LATEST),
    "status": Verb("status", ("agent",), _ID),
    "update": Verb(
        "update",
        ("agent", "file"),
        {**_ID, "--secrets-file": "file", "--ignore-empty-secrets": "empty=skip"},
        needs=("agent",),
    ),
    "restart": Verb("restart", ("agent",), _ID, needs=("agent",)),
    "rollback": Verb("rollback", ("agent", "version"), {**_ID, "--version": "version"}, needs=("agent",)),
    "logs": Verb("logs", ("agent", "kind"), {**_ID, "--log-type": "kind", "--deployment": "deployment"}),
    "delete": Verb(
        "delete", ("agent", "deployment"), {**_ID, "--deployment": "deployment"}, needs=("agent",)
    ),
    "versions": Verb("versions", ("agent",), _ID, why=_ON_LIST),
    "list": Verb("agents", ("filter",), {"--id": "filter"}),
    "secrets": Verb("secrets", ("agent",), _ID),
    "update-secrets": Verb(
        "set-secret",
        ("agent", "file"),
        {
            **_ID,
            "--secrets-file": "file",
            "--secret-mount": "mounts",
            "--ignore-empty-secrets": "empty=skip",
            "--overwrite": "overwrite=yes",
        },
        needs=("agent",),
    ),
    "promote": Verb(
        "promote",
        ("agent", "deployment"),
        {**_ID, "--deployment": "deployment", "--from": "deployment"},
        needs=("agent",),
        why={"--to": "a version is promoted to production here, and nowhere else"},
    ),
    "config": Verb("config", ("agent", "dir"), _ID, ("dir",)),
    "dockerfile": Verb("dockerfile", ("dir",), {"--overwrite": "overwrite=yes"}, ("dir",)),
    **dict.fromkeys(("init", "start", "dev", "console", "daemon", "simulate", "debugger"), Verb("")),
}
_ALSO: Final = {"tail": "logs", "destroy": "delete"}
"""Verbs of `lk agent` with two names."""
_LINK: Final[Mapping[str, Verb]] = {
    "create": Verb(
        "create-link",
        ("name",),
        {
            "--name": "name",
            "--port": "port",
            "--endpoint": "endpoint",
            "--region": "region",
            "--cloud-region": "cloud_region",
        },
    ),
    "list": Verb("links"),
    "delete": Verb("delete-link", ("link",), {"--id": "link"}, needs=("link",)),
    "health-status": Verb("links", ("link",), {"--id": "link"}, needs=("link",)),
}
_DISPATCH: Final[Mapping[str, Verb]] = {
    "list": Verb("dispatches", ("room",), words=("room",)),
    "get": Verb("find", ("dispatch",), words=("", "dispatch")),  # ids are unique without their room
    "create": Verb(
        "dispatch",
        ("room", "agent"),
        {
            "--room": "room",
            "--agent-name": "agent",
            "--new-room": "new_room=yes",
            "--deployment": "deployment",
            "--metadata": "metadata",
        },
        named=True,
    ),
    "delete": Verb("undispatch", ("dispatch",), words=("", "dispatch")),
}
FAMILIES: Final[Mapping[tuple[str, ...], Mapping[str, Verb]]] = {
    ("agent",): {**_AGENT, **{name: _AGENT[verb] for name, verb in _ALSO.items()}},
    ("agent", "private-link"): _LINK,
    ("dispatch",): _DISPATCH,
    ("room",): {"list": Verb("dispatches", ("room",), words=("room",))},
    ("room", "participants"): {"list": Verb("dispatches", ("room",), words=("room",))},
    ("project",): {"list": Verb("project")},
}
ALIASES: Final[Mapping[str, str]] = {
    **{name: _AGENT[verb].command for name, verb in _ALSO.items()},
    "list": "agents",
    "update-secrets": "set-secret",
}
"""Verbs of `lk agent` that have another name here, also where `lk agent` is left out."""

SWITCHES: Final = frozenset(
    ("--overwrite", "--ignore-empty-secrets", "--no-default-attributes", "--new-room", "--skip-sdk-check")
)
"""Options without a value."""
QUIET: Final = frozenset(("--yes", "--quiet", "--silent", "--verbose", "--json", "--curl"))
"""Switches that only change what `lk` prints and asks: dialogs ask all the same."""
SHORT: Final = {"-d": "--deployment", "-y": "--yes", "-q": "--quiet", "-j": "--json"}
SEVERAL: Final = frozenset(("--secret-mount", "--attribute", "--id"))
"""Options that may be given several times."""
_WATCHED: Final = "a line acts on the project that is watched; :project changes it"
WHY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("--project", "--subdomain", "--url", "--api-key", "--api-secret", "--dev"), _WATCHED),
    "--config": "a directory's livekit.toml is read here, or those of its regions are offered",
    "--secrets": "its value would stay readable on this line; the dialog asks for it unseen",
    "--image": "prebuilt images are pushed with lk itself",
    "--image-tar": "prebuilt images are pushed with lk itself",
}
"""Option that several commands of `lk` have and no command of lktop → the reason."""
OPTIONS: Final = frozenset(
    {name for verbs in FAMILIES.values() for verb in verbs.values() for name in (*verb.takes, *verb.why)}
    | {*WHY, *QUIET, *SHORT}
)
"""Every option of `lk` that is known here."""
