"""Processor, memory, wake-ups, descriptors, threads of a process and its children, from /proc: Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICK: Final = float(os.sysconf("SC_CLK_TCK"))
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children have used so far, or hold now."""

    cpu: float
    """Seconds of processor time."""
    memory: float
    """Resident, MB (2²⁰ bytes)."""
    switches: int
    """Times that a thread gave up the processor to wait: each is a wake-up later."""
    threads: int
    descriptors: int
    """Open files and sockets; 0 where the system does not tell."""


def usage(pid: int) -> Usage:
    """Of a process that may be ending; what is gone counts nothing."""
    cpu = memory = 0.0
    switches = threads = descriptors = 0
    for each in _family(pid):
        try:
            fields = _stat(each)
            cpu += (int(fields[11]) + int(fields[12])) / _TICK
            memory += int(fields[21]) * os.sysconf("SC_PAGESIZE") / 2**20
            for task in (_PROC / str(each) / "task").iterdir():
                threads += 1
                switches += _switches(task)
            descriptors += _descriptors(each)
        except OSError:
            continue
    return Usage(cpu, memory, switches, threads, descriptors)


def spent(pid: int) -> float:
    """Milliseconds of processor of a process, to the microsecond: of threads that have not ended."""
    tasks = (_PROC / str(pid) / "task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def busy() -> tuple[float, float]:
    """Seconds of processor time that the whole machine has spent working, and in all, over all cores."""
    words = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    values = [int(word) / _TICK for word in words]
    return sum(values[:3]) + sum(values[5:8]), sum(values[:8])


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(int(child))
    except OSError:
        return


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may itself hold spaces and parentheses."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _switches(task: Path) -> int:
    for line in (task / "status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    return 0


def _descriptors(pid: int) -> int:
    try:
        return len(os.listdir(_PROC / str(pid) / "fd"))
    except PermissionError:  # lktop forbids looking into it to all but root
        return 0
