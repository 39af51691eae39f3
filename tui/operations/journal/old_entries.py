"""Finds and masks what older versions have let into the journal: tokens and signed addresses in its texts.

Knows the file's lines and nothing of what they are for. What a look for an effect needs is left as it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tui.api.text.masking import masked, masked_in_place
from tui.operations.journal.append_log import AppendLog, AppendLogError
from tui.operations.journal.journal import KEPT, SIZE_LIMIT, JournalError

_TEXTS: Final = ("detail", "reason")
"""Fields that hold what a server or the operator said."""


def exposed(path: Path) -> int:
    """How many entries of the journal hold a token or a signed address. Raises `JournalError`."""
    log = _log(path)
    if not log.is_there:
        return 0
    try:
        return sum(_masked(line) != line for line in log.lines())
    except AppendLogError as error:
        raise JournalError(str(error)) from None


def mask_entries(path: Path) -> int:
    """Mask them in the file, which stays private and in its order; how many. Raises `JournalError`."""
    log = _log(path)
    if not log.is_there:
        return 0
    try:
        return log.rewrite(_masked)
    except AppendLogError as error:
        raise JournalError(str(error)) from None


def _log(path: Path) -> AppendLog:
    return AppendLog(path, size_limit=SIZE_LIMIT, kept=KEPT)


def _masked(line: bytes) -> bytes:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):  # a line that a crash has torn
        return masked_in_place(line)
    if not isinstance(record, dict):
        return masked_in_place(line)
    texts = {key: record[key] for key in _TEXTS if isinstance(record.get(key), str)}
    after = {key: masked(text) for key, text in texts.items()}
    if after == texts:
        return line
    return json.dumps({**record, **after}, ensure_ascii=True, separators=(",", ":")).encode()
