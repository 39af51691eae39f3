"""Logs read back from a file: newest lines first, the rest behind the reader's back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.app import reading
from tests.logs.fakes import EPOCH, PROPERTY, line
from tui.fleet.logs import archive as module
from tui.fleet.logs.archive import Archive


@PROPERTY
@given(
    st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), min_size=1, max_size=60),
    st.booleans(),
)
def test_every_line_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ended: bool
) -> None:
    path = tmp_path_factory.mktemp("log") / "x.log"
    data = b"\n".join(lines) + (b"\n" if ended or not lines[-1] else b"")
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GLANCE", 64)
        patch.setattr(module, "SLICE", 100)
        archive = Archive(path)
        while archive.step():
            pass
    log = archive.log
    assert [found.raw for found in log.lines(log.first, log.end)] == lines
    assert (log.first, log.end, archive.progress) == (-len(lines), 0, 1.0)
    assert b"".join(log.spool.data(row) for row in range(log.first, log.end)) == data
    archive.close()


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.touch()
    archive = Archive(path)
    assert not archive.step()
    assert archive.log.end == archive.log.first == 0
    archive.close()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("x\n")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="link"):
        Archive(tmp_path / "link")


async def test_a_saved_log_is_read_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    lines = [line(f"line {n:05}", at=EPOCH + n, level="ERROR" if n == 7 else "INFO") for n in range(20_000)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    async with reading() as rig:
        rig.view.show_file(path)
        await rig.settle()
        assert "line 19999" in rig.lines()[-1]
        assert rig.view.title() == "saved log old.log"
        await rig.done("log-file")
        await rig.press("g")
        assert "line 00000" in rig.lines()[0]
        await rig.press("e")
        assert rig.cursor_line == lines[7]
        assert [kind.count for kind in rig.view.page.log.signatures.ranked()] == [1]
        await rig.press("ampersand")
        await rig.enter("line 0000")
        assert len(rig.view.page.rows) == 10
        await rig.press("escape", "T")
        await rig.enter("11:07:40")
        assert rig.cursor_line == lines[60]
        rig.view.attach([])
        await rig.settle()
