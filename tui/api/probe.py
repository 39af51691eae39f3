"""Probes a host without a token: whether it answers, and the difference of its clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from tui.api.errors import BadTarget
from tui.api.hosts import base
from tui.api.text.clean import clean


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a probe."""

    reachable: bool
    skew_seconds: float | None
    """Server's clock minus this machine's; None without a `Date` header."""
    message: str


def probe(url: str, timeout: float = 4.0) -> Probe:
    """GET the root of `url` without a token. Never raises for network errors."""
    try:
        root = base(url)
        with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client:
            response = client.get(root + "/")
    except BadTarget as error:
        return Probe(False, None, error.message)
    except httpx.HTTPError as error:
        return Probe(False, None, clean(str(error), limit=120) or type(error).__name__)
    try:
        skew = round(parsedate_to_datetime(response.headers.get("Date", "")).timestamp() - time.time())
    except (ValueError, OverflowError, IndexError, TypeError):
        return Probe(True, None, f"HTTP {response.status_code}, no clock to compare")
    return Probe(True, float(skew), f"HTTP {response.status_code}")
