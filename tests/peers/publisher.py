"""Somebody who publishes an empty audio track in a room until a line comes in: `URL TOKEN`."""

from __future__ import annotations

import asyncio
import sys

from livekit import rtc


async def main(url: str, token: str) -> None:
    """Join, publish, wait, leave."""
    room = rtc.Room()
    await room.connect(url, token)
    track = rtc.LocalAudioTrack.create_audio_track("voice", rtc.AudioSource(48_000, 1))
    await room.local_participant.publish_track(track)
    print("published", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await room.disconnect()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
