"""A scenario from a TOML file. Every error is one line that names file and line."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import msgspec

from tui.sim.scenarios.specs import Scenario
from tui.sim.world.switches import Switches

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
"""The position in an error of tomllib."""
_STEP = re.compile(r"\.(\w+)(?:\[(\d+)\])?")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


def read(path: Path) -> Scenario:
    """What the file says, without the world that it names as its base; raises ValueError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8 text") from None
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
        Switches().changed(scenario.switches)
    except tomllib.TOMLDecodeError as error:
        said = _AT.search(str(error))
        line = said[1] if said and said[1] else text.count("\n") + 1
        raise ValueError(f"{path}:{line}: not valid TOML: {_AT.sub('', str(error))}") from None
    except RecursionError:
        raise ValueError(f"{path}: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}:{line_of(text, str(error))}: {error}") from None
    return scenario


def check_names(path: Path, scenario: Scenario) -> None:
    """Raise ValueError for two agents with one id or two rooms with one name."""
    ids = Counter(agent.id for agent in scenario.agents if agent.id)
    rooms = Counter(room.name for room in scenario.rooms)
    for what, counted in (("agents with the id", ids), ("rooms with the name", rooms)):
        for name, count in counted.items():
            if count > 1:
                raise ValueError(f"{path}: {count} {what} {name!r}")


def line_of(text: str, complaint: str) -> int:
    """The line (from 1) of what an error of msgspec names, such as `$.agents[1].name`.

    Found by headings and keys as they are usually spelled; elsewhere the nearest one above it.
    """
    steps = _STEP.findall(complaint.rpartition(" - at `$")[2])
    if unknown := _UNKNOWN.search(complaint):
        steps.append((unknown[1], ""))
    lines, at = text.splitlines(), 0
    for name, index in steps:
        spelled = re.compile(rf"\s*(?:\[\[?\s*(?:[\w-]+\.)*{re.escape(name)}\s*\]|{re.escape(name)}\s*=)")
        found = [number for number, line in enumerate(lines[at:], at + 1) if spelled.match(line)]
        if found:
            at = found[min(int(index or 0), len(found) - 1)]
    return max(at, 1)
