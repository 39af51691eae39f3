"""What a create or deploy says of answers that are not about it, and of builds that nobody made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hostile.deploys import DEPLOYS, DeployResult, trials
from tests.hostile.lies import BODIES, BUILDS, Fault
from tui.operations.journal.journal import Verdict

CASES = {case.name: case for case in DEPLOYS}
ANSWERS = {fault.name: fault for fault in BODIES}
STREAMS = {fault.name: fault for fault in BUILDS}


async def results(
    folder: Path, case: str, place: str, fault: str, *, look: str = "true"
) -> tuple[DeployResult, DeployResult]:
    """The same answer to what was carried out and to what was not."""
    found: Mapping[str, Fault] = STREAMS if place == "build" else ANSWERS
    done, not_done = [each async for each in trials(folder, CASES[case], place, found[fault], (look,))]
    return done, not_done


@pytest.mark.parametrize("case", ["create", "deploy"])
async def test_what_an_answer_about_another_agent_names_is_neither_uploaded_to_nor_built(
    tmp_path: Path, case: str
) -> None:
    for result in await results(tmp_path, case, "announce", "other ids"):
        assert len(result.arrived) == 1 and not result.report.good
        assert "CA_other2222222" in result.report.verdict
        assert result.verdicts[0] is not Verdict.REFUSED


async def test_a_stream_that_ends_well_is_done_only_once_its_version_is_listed(tmp_path: Path) -> None:
    built, not_built = await results(tmp_path, "deploy", "build", "the stream of a build")
    assert (built.report.good, built.verdicts) == (True, (Verdict.DONE,))
    assert not not_built.report.good and not_built.verdicts[0] is Verdict.UNKNOWN
    assert "the stream ended well, and no new version is listed" in not_built.report.verdict


async def test_nothing_is_built_after_a_page_in_place_of_a_stores_yes(tmp_path: Path) -> None:
    for result in await results(tmp_path, "deploy", "upload", "HTML"):
        assert result.arrived == ("DeployAgentV2", "upload") and not result.changed
        assert "an answer that means neither yes nor no" in result.report.verdict


@pytest.mark.parametrize("page", ["HTML", "no body", "{}"])
async def test_a_page_in_place_of_a_build_is_no_build(tmp_path: Path, page: str) -> None:
    built, not_built = await results(tmp_path, "create", "build", page)
    assert built.report.good and not not_built.report.good
    assert not_built.verdicts[0] is Verdict.UNKNOWN
    assert ":config CA_made1 writes livekit.toml" in not_built.report.verdict


async def test_secrets_of_a_deploy_whose_build_failed_may_be_set(tmp_path: Path) -> None:
    with_secrets = [
        each
        async for each in trials(
            tmp_path, CASES["deploy with secrets"], "build", STREAMS["BUILD ERROR"], ("true",)
        )
    ]
    (without,) = [
        each async for each in trials(tmp_path, CASES["deploy"], "build", STREAMS["BUILD ERROR"], ("true",))
    ]
    assert with_secrets[0].verdicts[0] is Verdict.UNKNOWN and with_secrets[0].changed
    assert without.verdicts == (Verdict.REFUSED,) and not without.changed


async def test_a_row_that_cannot_be_read_may_be_the_new_agent(tmp_path: Path) -> None:
    done, not_done = await results(tmp_path, "create", "announce", "HTML", look="rows unreadable")
    assert (done.verdicts[0], not_done.verdicts[0]) == (Verdict.UNKNOWN, Verdict.UNKNOWN)


async def test_secrets_that_a_lost_deploy_has_set_are_not_called_unseen(tmp_path: Path) -> None:
    done, not_done = await results(tmp_path, "deploy with secrets", "announce", "HTML")
    assert done.verdicts == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert "no version of CA_ours22222222 was made since, but secrets were set since: DB_URL" in done.words
    assert not_done.verdicts == (Verdict.UNKNOWN, Verdict.NOT_SEEN)
    assert "none of its secrets was set" in not_done.words
