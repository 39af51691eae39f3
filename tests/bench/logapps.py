"""Log views to be measured, each its own program: ours, and Textual's on the same client and splitter."""

# ruff: noqa: E402 – what is imported is to be measured without the collector
from __future__ import annotations

import gc

gc.disable()  # as the product starts; it is on again once the screen stands

import argparse
import asyncio
import json
import time
from pathlib import Path
from random import Random

from textual.app import App, ComposeResult

from tui.api.streams import Splitter
from tui.clock import SystemClock
from tui.logs.hub import LogHub
from tui.logs.source import LogClient, LogSource
from tui.ui import theme
from tui.ui.logview import LogView

BATCH = 0.05
"""Seconds of lines that Textual's own widgets are given at a time: line by line they do much worse."""


class Measured(App[None]):
    """Notes the longest time for which the loop did nothing else, and what was received."""

    def __init__(self, report: Path | None) -> None:
        super().__init__()
        self._report = report
        self.received = 0
        self.gap = 0.0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones in Textual's own themes."""
        return theme.defaults()

    async def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._beat())

    async def _beat(self) -> None:
        await asyncio.sleep(1.0)
        last, reported = time.perf_counter(), time.perf_counter()
        while True:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            self.gap = max(self.gap, now - last - 0.005)
            last = now
            if self._report and now - reported > 0.5:
                reported = now
                text = json.dumps({"gap": self.gap, "received": self.received, "at": time.time()})
                self._report.write_text(text)
                self.gap = 0.0


def client(url: str) -> LogClient:
    """The product's own client, imported only when there is a server, as the product does."""
    from tui.api.auth import Credentials
    from tui.api.budget import Budget
    from tui.api.caller import Endpoint
    from tui.api.client import Client
    from tui.secret import Secret

    endpoint = Endpoint(url, url, Credentials("devkey", Secret("s" * 32)))
    clock = SystemClock()
    return Client(endpoint, budget=Budget(1000, clock), clock=clock)


class Ours(Measured):
    """The log view."""

    def __init__(self, url: str, report: Path | None, folder: Path | None, file: Path | None) -> None:
        super().__init__(report)
        clock = SystemClock()
        self._file = file
        self.hub = LogHub(client(url), clock=clock, random=Random(1), folder=folder) if url else None
        self.view = LogView(self.hub, clock=clock, save_dir=Path.home())

    def compose(self) -> ComposeResult:
        """The view."""
        yield self.view

    async def on_mount(self) -> None:
        """Follow."""
        await super().on_mount()
        for found in theme.load().themes:
            self.register_theme(found)
        self.theme = theme.DEFAULT
        self.view.focus()
        if self.hub:
            self.run_worker(self.hub.run())
            self.view.attach([LogSource("CA_x", region="us-east")])
            log = self.view.model.log
            log.listeners.append(lambda: setattr(self, "received", log.counts.received))
        if self._file:
            self.view.show_files(self._file.name, [self._file])
        self.call_after_refresh(_collect)


class Theirs(Measured):
    """Textual's `Log` or `RichLog`, given whole batches."""

    def __init__(self, kind: str, url: str, report: Path | None) -> None:
        from textual.widgets import Log, RichLog  # not at the top: ours does without them

        super().__init__(report)
        self._url = url
        self.view: Log | RichLog = Log() if kind == "log" else RichLog()

    def compose(self) -> ComposeResult:
        """The view."""
        yield self.view

    async def on_mount(self) -> None:
        """Follow."""
        await super().on_mount()
        gc.enable()
        self.view.max_lines = 20_000
        self.view.focus()
        self.run_worker(self._follow())

    async def _follow(self) -> None:
        splitter = Splitter()
        pending: list[str] = []
        flushed = time.perf_counter()
        async with client(self._url).logs("CA_x") as chunks:
            async for chunk in chunks:
                pending += [line.decode("utf-8", "replace") for line in splitter.feed(chunk)]
                if pending and time.perf_counter() - flushed >= BATCH:
                    self.received += len(pending)
                    self._write(pending)
                    pending, flushed = [], time.perf_counter()
                    await asyncio.sleep(0)

    def _write(self, lines: list[str]) -> None:
        from textual.widgets import Log

        if isinstance(self.view, Log):
            self.view.write_lines(lines)
        else:
            for line in lines:
                self.view.write(line)


def _collect() -> None:
    """As the product does when it stands."""
    gc.freeze()
    gc.enable()


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("ours", "log", "richlog"))
    parser.add_argument("--url", default="")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    app: Measured
    if options.kind == "ours":
        app = Ours(options.url, options.report, options.folder, options.file)
    else:
        app = Theirs(options.kind, options.url, options.report)
    app.run(mouse=False)


if __name__ == "__main__":
    main()
