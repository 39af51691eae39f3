"""Text that attacks a terminal or its reader, in every field that a third party can fill."""

from __future__ import annotations

from random import Random

from tui.sim.scenarios.specs import (
    AgentSpec,
    DeploymentSpec,
    DispatchSpec,
    EventSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
    VersionSpec,
)
from tui.sim.wire.codec import SURROGATE

ESCAPES = (
    "\x1b[2J\x1b[1;1Hgone",
    "\x1b]0;pwned\x07title",
    "\x1b]52;c;cHduZWQ=\x07clip",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1bP+q544e\x1b\\dcs",
    "\x1b_apc\x1b\\\x1b^pm\x1b\\",
    "\x1b[6n\x1b[21t\x1bc",
    "\x9b31mC1\x9d52;c;AAAA\x9c\x85\x90",
    "a\rb\bc\x07d\x0be\x0cf\x00g\x0eh\x18i\x1cj\x1fk\x7fl",
    "two\nlines\tand\ta tab",
)
"""Terminal control, in 7 and 8 bits."""

MARKUP = (
    "[@click=app.quit]x[/]",
    "[@click=app.simulate_key('d')]my-agent[/]",
    "[link='http://evil.example/\x1b]0;x\x07']here[/link]",
    "GET [/var/x] ok",
    "a [/red] b",
    "[/]",
    "[foo='bar",
    "[#zz]",
    "[",
    "[[bold]",
    "\\[",
    "$x {y} %s",
    "[bold red]not bold[/]",
)
"""What Rich, Textual and format strings interpret."""

SPOOFS = (
    "prod\u202ednegatS\u202c",
    "ad\u200bmin",
    "\u0430dmin",
    "admin",
    "admin\U000e0041\U000e0042",
    "adm\u00adin",
    "\u2066left\u2069\u200e\u200f\u061c",
    "\ufeffbom\u2060join\u200d",
    "\u3164",
    "ａｄｍｉｎ",
)
"""Bidirectional overrides, invisible characters and look-alikes."""

SHAPES = (
    "z" + "".join(chr(0x300 + n % 0x6F) for n in range(60)) + "algo",
    "漢字のエージェント",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈",
    "🇳🇱🇩🇪 flags ☎️ VS16",
    "\ue000\uf8ff private use",
    "line\u2028separator\u2029paragraph\x85next",
    f"lone {SURROGATE} surrogate",
    " leading and trailing ",
    "",
    "ligature ﷽ and ꧅",
)
"""Widths and lengths that break columns."""

HUGE = "N" * 1_000_000
"""A name of a megabyte."""

STRINGS = (*ESCAPES, *MARKUP, *SPOOFS, *SHAPES)

REGIONS = ("x@evil.example/", "evil.example/#", "../", "a.b", "r" * 300, "a\r\nHost: evil", "osbxash1a")
"""Cluster codes that would send a token to another host."""

LOGS = (
    *STRINGS,
    "a\u2028forged\u2029lines\x85and more",
    '{"message": "\\u001b[2Jcleared", "level": "INFO", "timestamp": "2026-08-11T09:05:24+00:00"}',
    '{"message": "\\ud800 lone", "level": "ERROR", "timestamp": "not a time"}',
    '{"message": {"nested": ["not", "text"]}, "level": 5}',
    '{"message": "no end',
    "[" * 5000,
    "bytes that are no UTF-8: \udcff\udcfe\udcc3(",
    "\x1b[31mERROR\x1b[0m coloured \x1b[1mand bold\x1b[0m",
    " 10%\r 50%\r100%\n".strip("\n"),
    "ERROR: not the end of the stream",
    "X" * 60_000,
)
"""Log lines; lone low surrogates stand for bytes that are not UTF-8."""


def hostile(chance: Random, agents: int | None) -> Scenario:
    """Every string in every field of some agent, room, dispatch, job and log."""
    agent_specs = [_agent(number, text) for number, text in enumerate(STRINGS)]
    agent_specs.append(AgentSpec(name=HUGE))
    agent_specs.append(AgentSpec(name="logs", id="CA_hostileLogs22", quiet=True, logs=list(LOGS)))
    agent_specs += [
        AgentSpec(name=f"region-{number}", deployments=[DeploymentSpec(server_region=region)])
        for number, region in enumerate(REGIONS)
    ]
    rooms = [_room(number, text) for number, text in enumerate(STRINGS)]
    rooms.append(RoomSpec(name="metadata", metadata=HUGE))
    return Scenario(agents=agent_specs, rooms=rooms)


def _agent(number: int, text: str) -> AgentSpec:
    return AgentSpec(
        name=text,
        id=f"CA_hostile{number:05d}",
        deployments=[
            DeploymentSpec(
                status=text or "Running",
                region=text,
                server_region="osbxash1a",
                cpu=text,
                memory=text,
                cpu_limit=text,
                memory_limit=text,
                events=[EventSpec()],
            ),
            DeploymentSpec(name=text or "staging", status="Running"),
        ],
        versions=[
            VersionSpec(
                tag=text or "none", attributes={text or "key": text, "git_branch": text}, status=text
            ),
            VersionSpec(age=172800, tag=f"{text}-old"),
        ],
        secrets=[text or "NAME"],
    )


def _room(number: int, text: str) -> RoomSpec:
    # A lone surrogate cannot be asked for again: the request would not be JSON that a server reads.
    name = f"{number:02d} {text}".replace(SURROGATE, "")
    identity = text.replace(SURROGATE, "") or "nobody"
    return RoomSpec(
        name=name,
        metadata=text,
        people=[PersonSpec(identity=identity, name=text, metadata=text, attributes={text or "key": text})],
        dispatches=[
            DispatchSpec(
                agent_name=text,
                metadata=f'{{"payload": "{text}"}}',
                attributes={text or "key": text},
                type="publisher",
                jobs=[
                    JobSpec(publisher=identity),
                    JobSpec(status="failed", error=text * 40 or "x", publisher=identity),
                ],
            )
        ],
    )
