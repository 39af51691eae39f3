"""A log server that prints as fast as it is told to, in a process of its own: over HTTP, or into a file.

Every line is numbered and carries the time at which it was sent, so that a reader's lag can be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

TICK: Final = 0.01
"""Seconds between two bursts."""


def burst(first: int, count: int) -> bytes:
    """Lines as a Python agent prints them, about 250 bytes each."""
    now = time.time()
    stamp = datetime.fromtimestamp(now, UTC).isoformat()
    lines = []
    for number in range(first, first + count):
        lines.append(
            json.dumps(
                {
                    "message": f"t={now:.4f} n={number} turn done",
                    "level": "ERROR" if number % 500 == 0 else "INFO",
                    "name": "livekit.agents",
                    "job_id": f"AJ_{number % 40:012}",
                    "room": f"call-{number % 40}",
                    "agent_name": "inbound",
                    "latency_ms": number % 900,
                    "tokens": {"in": 120, "out": 48},
                    "timestamp": stamp,
                }
            )
        )
    return ("\n".join(lines) + "\n").encode()


class Feed:
    """Bursts at a steady rate; falls behind rather than sending more than asked at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._sent = 0
        self._start = time.perf_counter()

    def due(self) -> bytes:
        """The lines that are due by now."""
        count = min(int((time.perf_counter() - self._start) * self._rate) - self._sent, int(self._rate))
        if count <= 0:
            return b""
        self._sent += count
        return burst(self._sent - count, count)


async def serve(rate: float) -> None:
    """Answer every connection with an endless chunked body."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        feed = Feed(rate)
        try:
            while True:
                if data := feed.due():
                    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                    await writer.drain()
                await asyncio.sleep(TICK)
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def append(path: Path, rate: float) -> None:
    """Write to a file for ever."""
    print("ready", flush=True)
    feed = Feed(rate)
    with path.open("ab", buffering=0) as file:
        while True:
            if data := feed.due():
                file.write(data)
            time.sleep(TICK)


def main() -> None:
    """Serve, or write to a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=10_000)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    try:
        if options.file:
            append(options.file, options.rate)
        else:
            asyncio.run(serve(options.rate))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
