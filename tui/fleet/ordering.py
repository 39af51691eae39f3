"""Filters and orders what listings return, the same for the poller and for operations. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from tui.api.models import RESERVED_SECRETS, Dispatch, SecretInfo, Version, instant


def newest_first(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Versions, the newest first."""
    return tuple(sorted(versions, key=lambda v: (instant(v.created_at) or 0.0, v.version), reverse=True))


def own_secrets(secrets: Iterable[SecretInfo]) -> tuple[SecretInfo, ...]:
    """Secrets by name, without those that LiveKit injects itself."""
    return tuple(
        sorted((item for item in secrets if item.name not in RESERVED_SECRETS), key=lambda i: i.name)
    )


def open_dispatches(items: Iterable[Dispatch]) -> tuple[Dispatch, ...]:
    """Dispatches that were not deleted, the oldest first."""
    kept = (item for item in items if not (item.state and item.state.deleted_at))
    by_id = sorted(kept, key=attrgetter("id"))  # sorting twice makes no key for each of a hundred thousand
    return tuple(sorted(by_id, key=lambda item: item.state.created_at if item.state else 0))
