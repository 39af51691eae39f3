"""A program for a pseudo-terminal: hostile lines, shown in every form, without any guard behind it."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from tests.logs.fakes import EPOCH, line
from tests.ui.logview.app import LogApp
from tui.logs.lines.classify import classify
from tui.logs.log import Kind, Log, Notice
from tui.logs.source import LogSource, StreamPhase, StreamState
from tui.logs.spool import Spool
from tui.sim.scenarios.hostile import LOGS

KEYS = ("g", "w", "P", "P", "y", "enter", "X", "escape", "x", "escape", "v", "escape", "G", "k", "c", "Y")


def hostile_lines() -> list[bytes]:
    """Each hostile text as a line, as a message, as a field's name and value, and in a traceback."""
    raws: list[bytes] = []
    for found in LOGS:
        text = found if isinstance(found, str) else found.decode("utf-8", "replace")
        raws += text.encode("utf-8", "surrogatepass").split(b"\n")
        raws.append(line(text, level="ERROR", exc_info=f"Traceback\n{text}", name=text, **{text: text}))
    return raws


class Hostile(LogApp):
    """Shows them, then presses keys by itself."""

    def __init__(self) -> None:
        super().__init__(None, save_dir=Path("/nonexistent"))

    def on_mount(self) -> None:
        """Show the log and begin."""
        super().on_mount()
        log = Log(Spool(None))
        hostile = next(found for found in LOGS if isinstance(found, str))
        source = LogSource("CA_\x1b[2J", agent=hostile, region=hostile, deployment=hostile, version=hostile)
        log.streams[0] = StreamState(source, "us", StreamPhase.WAITING, reason=hostile)
        raws = hostile_lines()
        log.append(raws, classify(raws), bytes(len(raws)), EPOCH)
        log.notify(Notice(f"{hostile}: {hostile}", Kind.TROUBLE, 0, EPOCH, EPOCH, hostile))
        while log.count_errors():
            pass
        self.view.show_log(log)
        self._keys = itertools.chain(KEYS, *(("g", *("j", "enter") * len(raws)),), ("G",))
        self.set_interval(0.005, self._press)

    def _press(self) -> None:
        key = next(self._keys, None)
        if key is None:
            self.exit()
        else:
            self.simulate_key(key)


if __name__ == "__main__":
    sys.exit(Hostile().run(mouse=False))
