"""Logs that were saved or kept, opened again with keys."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

from tests.logs.fakes import EPOCH, TestClient, TestClock, line, source
from tests.ui.logview.app import LogApp, Rig, reading
from tui.logs.hub import LogHub
from tui.ui.logview.picker import Picker


async def test_what_was_kept_is_there_the_next_time(tmp_path: Path) -> None:
    for number in (1, 2):  # a session, then the next one
        clock, client = TestClock(EPOCH + number * 60), TestClient()
        hub = LogHub(client, clock=clock, random=Random(1), folder=tmp_path / "spool", days=1)
        app = LogApp(hub, clock=clock, save_dir=tmp_path / "saved")
        async with app.run_test(size=(120, 20)) as pilot:
            rig = Rig(app, pilot, client, clock)
            app.view.attach([source()])
            await rig.settle(0.1)
            await rig.receive(line(f"of session {number}"))
            if number == 2:
                await rig.press("V")
                offered = app.query_one(Picker).text.splitlines()
                assert ["T110840Z" in offered[0], "T110740Z" in offered[1]] == [True, True]
                await rig.press("end", "enter")
                await rig.done("log-file")
                assert "of session 1" in rig.lines()[0] and "end of the file" in rig.lines()[1]
                assert "neither gaps nor sources are marked" in rig.lines()[1]
                assert "written until" in rig.view.title() and "not live" in rig.below
                app.view.attach([source()])
                await rig.settle(0.1)
                assert "of session 2" in "\n".join(rig.lines())
                assert app.view.file == ""
        await hub.aclose()


async def test_a_saved_log_is_read_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    lines = [line(f"line {n:05}", at=EPOCH + n, level="ERROR" if n == 7 else "INFO") for n in range(20_000)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    async with reading() as rig:
        os.utime(path, (EPOCH, EPOCH))
        rig.view.show_files("old.log", [path])
        await rig.settle()
        assert "line 19999" in rig.lines()[-2]
        assert "old.log: end of the file, last written 11:06:40" in rig.lines()[-1]
        assert rig.view.title() == "written until 18 Nov 2026 11:06:40"
        assert "AT ITS END" in rig.below and "file, not live" in rig.below
        await rig.done("log-file")
        await rig.press("g")
        assert "line 00000" in rig.lines()[0]
        await rig.press("e")
        assert rig.cursor_line == lines[7]
        assert [kind.count for kind in rig.view.model.log.signatures.ranked()] == [1]
        await rig.press("ampersand")
        await rig.enter("line 0000")
        assert len(rig.view.model.page.rows) == 10 + 1
        await rig.press("escape", "T")
        await rig.enter("11:07:40")
        assert rig.cursor_line == lines[60]
        rig.view.attach([])
        await rig.settle()


async def test_times_in_a_file_go_back_from_its_end_and_not_from_now(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    begin = EPOCH - 30 * 86_400
    lines: list[bytes] = []
    for n in range(1000):  # most lines do not say when they were written
        lines += [line(f"line {n}", at=begin + n * 60), b"plain", b"  more of it", b"and more"]
    path.write_bytes(b"\n".join(lines) + b"\n")
    async with reading() as rig:
        rig.view.show_files("old.log", [path])
        await rig.settle()
        await rig.done("log-file")
        for typed, number in (("11:07", 1), ("20:07:40", 541), ("-60m", 939), ("2026-10-19 12:00", 54)):
            await rig.press("T")
            await rig.enter(typed)
            # what is below the line before, without a time, may belong to either
            at = rig.view.model.page.cursor - rig.view.model.log.first
            assert number * 4 - 3 <= at <= number * 4, typed
