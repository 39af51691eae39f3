"""Whatever a server says and shows: nothing untrue is said, nothing done twice, nothing foreign touched.

The whole matrix takes minutes: `python -m pytest -m campaign tests/hostile`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hostile import deploys
from tests.hostile.deploys import DEPLOYS, PLACES, DeployCase
from tests.hostile.judge import complaints
from tests.hostile.lies import BELIEVABLE, BUILDS, FAULTS, LOOKS, PAIRS, UPLOADS, Fault
from tests.hostile.trial import CASES, Case, Result, blind, trials

LIES = tuple(name for name in LOOKS if name not in BELIEVABLE)
BY_NAME = {fault.name: fault for fault in FAULTS}
QUICK = tuple(fault for fault in FAULTS if not fault.slow)
KEY = ("fin", "{}", "honest", "other ids", "404 HTML", "502 HTML")
"""Faults that meet every lie in every case."""
TURN = 6
"""Lies that every other fault meets in a case; over all cases every fault meets every lie."""
SHOWN = 30
"""Complaints of a case that are printed."""


async def judged(*results: AsyncIterator[Result]) -> None:
    """Fails with what was untrue."""
    found: list[str] = []
    for each in results:
        async for result in each:
            found += complaints(result)
    report(found)


def report(found: list[str]) -> None:
    """Fails if there is anything to complain about."""
    assert not found, "\n".join((f"{len(found)} complaints", *found[:SHOWN]))


def looks(fault: Fault, case: int) -> tuple[str, ...]:
    """The looks that are tried with a fault in a case, which is a number."""
    if fault.name in KEY:
        return tuple(LOOKS)
    first = TURN * (case + sum(map(ord, fault.name)))
    return ("true", *(LIES[(first + more) % len(LIES)] for more in range(TURN)))


def sample(index: int) -> tuple[tuple[Fault, tuple[str, ...]], ...]:
    """A few faults of the matrix, other ones for every case, each with the looks that are tried with it."""
    if index % 2:
        return (BY_NAME["honest"], ("true",)), (PAIRS[31 * index % len(PAIRS)], ("true",))
    return (BY_NAME["fin"], ("true", LIES[7 * index % len(LIES)])), (QUICK[7 * index % len(QUICK)], ("true",))


async def test_a_slice_of_the_matrix(tmp_path: Path) -> None:
    cases = [(case, *each) for index, case in enumerate(CASES) for each in sample(index)]
    await judged(*(trials(tmp_path, case, fault, looks) for case, fault, looks in cases))


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_fault_with_the_lies(case: Case, tmp_path: Path) -> None:
    number = CASES.index(case)
    await judged(*(trials(tmp_path, case, fault, looks(fault, number)) for fault in FAULTS))


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_status_with_every_code(case: Case, tmp_path: Path) -> None:
    await judged(*(trials(tmp_path, case, fault, ("true",)) for fault in PAIRS))


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_looks_before_the_change_that_show_nothing(case: Case, tmp_path: Path) -> None:
    await judged(*(blind(tmp_path, case, BY_NAME[name]) for name in ("fin", "{}", "502 HTML")))


@pytest.mark.campaign
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", DEPLOYS, ids=lambda case: case.name)
async def test_deploys(case: DeployCase, place: str, tmp_path: Path) -> None:
    faults = {"announce": FAULTS, "upload": UPLOADS, "build": BUILDS}[place]
    number, found = DEPLOYS.index(case), list[str]()
    for fault in faults:
        async for result in deploys.trials(tmp_path, case, place, fault, looks(fault, number)):
            found += result.complaints()
    report(found)


def test_over_all_cases_every_fault_meets_every_lie() -> None:
    for fault in FAULTS:
        assert {look for case in range(len(CASES)) for look in looks(fault, case)} >= set(LIES), fault.name
