"""Log lines that a healthy voice agent prints all the time. Pure."""

from __future__ import annotations

import json
from random import Random

from tui.sim.world.ids import ALPHABET, iso

Extra = dict[str, object]


def routine_lines(chance: Random, start: float, seconds: float, name: str) -> list[tuple[float, bytes]]:
    """Lines of one period with the world time of each, in order."""
    moments = sorted(start + chance.random() * seconds for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 5))))
    return [(moment, _line(chance, moment, name)) for moment in moments]


def _line(chance: Random, moment: float, name: str) -> bytes:
    kind = chance.choices(range(len(_KINDS)), weights=[weight for weight, _ in _KINDS])[0]
    return _KINDS[kind][1](chance, moment, name)


def _json(moment: float, level: str, message: str, logger: str, extra: Extra) -> bytes:
    return json.dumps(
        {"message": message, "level": level, "name": logger, **extra, "timestamp": iso(moment)}
    ).encode()


def _job(chance: Random) -> Extra:
    return {
        "job_id": "AJ_" + "".join(chance.choices(ALPHABET, k=12)),
        "room": f"call-{chance.randrange(1000, 9999)}",
    }


def _llm(chance: Random, moment: float, name: str) -> bytes:
    ttft = round(chance.lognormvariate(-0.9, 0.4), 3)
    tokens = chance.randrange(12, 180)
    extra: Extra = {
        "model_name": "gpt-4.1-mini",
        "ttft": ttft,
        "prompt_tokens": chance.randrange(400, 6000),
        "completion_tokens": tokens,
        "tokens_per_second": round(tokens / (ttft + 0.9), 1),
    }
    return _json(moment, "INFO", "LLM metrics", "livekit.agents", {**extra, **_job(chance)})


def _tts(chance: Random, moment: float, name: str) -> bytes:
    extra: Extra = {
        "ttfb": round(chance.uniform(0.12, 0.4), 3),
        "audio_duration": round(chance.uniform(0.8, 9), 2),
    }
    return _json(moment, "INFO", "TTS metrics", "livekit.agents", {**extra, **_job(chance)})


def _stt(chance: Random, moment: float, name: str) -> bytes:
    return _json(
        moment, "INFO", "STT metrics", "livekit.agents", {"audio_duration": round(chance.uniform(1, 20), 2)}
    )


def _turn(chance: Random, moment: float, name: str) -> bytes:
    extra: Extra = {
        "end_of_utterance_delay": round(chance.uniform(0.3, 0.9), 3),
        "transcription_delay": round(chance.uniform(0.1, 0.5), 3),
    }
    return _json(moment, "DEBUG", "EOU metrics", "livekit.agents", {**extra, **_job(chance)})


def _tool(chance: Random, moment: float, name: str) -> bytes:
    tool = chance.choice(
        ("lookup_order", "check_availability", "transfer_call", "get_weather", "verify_identity")
    )
    return _json(moment, "INFO", "executing tool", "livekit.agents", {"function": tool, **_job(chance)})


def _slow(chance: Random, moment: float, name: str) -> bytes:
    extra: Extra = {"delay": round(chance.uniform(0.2, 1.4), 3)}
    return _json(moment, "WARNING", "inference is slower than realtime", "livekit.plugins.silero", extra)


def _load(chance: Random, moment: float, name: str) -> bytes:
    extra: Extra = {
        "load": round(chance.uniform(0.05, 0.6), 2),
        "agent_name": name,
    }
    return _json(moment, "DEBUG", "worker load", "livekit.agents", extra)


def _plain(chance: Random, moment: float, name: str) -> bytes:
    return chance.choice(
        (
            b'INFO:httpx:HTTP Request: POST https://llm.example/v1/chat/completions "HTTP/1.1 200 OK"',
            b"cache hit: greeting.wav (48 kHz, mono)",
            b"GET /healthz 200 1.2ms",
        )
    )


def _retry(chance: Random, moment: float, name: str) -> bytes:
    extra: Extra = {"attempt": 1, "retry_in": 2.0, **_job(chance)}
    error = "APIConnectionError: Connection error. (body=None, retryable=True)"
    return _json(moment, "WARNING", f"failed to recognize speech, retrying: {error}", "livekit.agents", extra)


_KINDS = (
    (10, _llm),
    (8, _tts),
    (8, _stt),
    (6, _turn),
    (3, _tool),
    (1, _slow),
    (4, _load),
    (3, _plain),
    (1, _retry),
)
