"""Whatever a server says and shows: nothing untrue is said, nothing done twice, nothing foreign touched.

The whole matrix takes minutes: `python -m pytest -m campaign tests/hostile`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hostile import deploys
from tests.hostile.deploys import DEPLOYS, DeployCase
from tests.hostile.judge import complaints
from tests.hostile.lies import BUILDS, FAULTS, LOOKS, PAIRS, UPLOADS
from tests.hostile.trial import CASES, Case, Result, blind, trials

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


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_fault_with_every_lie(case: Case, tmp_path: Path) -> None:
    await judged(*(trials(tmp_path, case, fault, tuple(LOOKS)) for fault in FAULTS))


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_status_with_every_code(case: Case, tmp_path: Path) -> None:
    await judged(*(trials(tmp_path, case, fault, ("true", "{}")) for fault in PAIRS))


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_looks_before_the_change_that_show_nothing(case: Case, tmp_path: Path) -> None:
    await judged(
        *(blind(tmp_path, case, fault) for fault in FAULTS if fault.name in ("fin", "{}", "502 HTML"))
    )


@pytest.mark.campaign
@pytest.mark.parametrize("case", DEPLOYS, ids=lambda case: case.name)
async def test_deploys(case: DeployCase, tmp_path: Path) -> None:
    found: list[str] = []
    for place, faults in (("announce", FAULTS), ("upload", UPLOADS), ("build", BUILDS)):
        for fault in faults:
            async for result in deploys.trials(tmp_path, case, place, fault, tuple(LOOKS)):
                found += result.complaints()
    report(found)
