"""An operation as a line for a shell, for when this program is not at hand. Quotes what others named."""

from __future__ import annotations

import json
import shlex

from tui.api.changes import Request
from tui.api.hosts import Host
from tui.api.methods import CLI_VERSION, Method


def lk(*words: str) -> str:
    """A command line of LiveKit's own client."""
    return " ".join(("lk", *(word_of(word) for word in words)))


def curl(method: Method, request: Request) -> str:
    """A call that `lk` has no command for; the environment has the URLs, as for `lk`, and a `$TOKEN`."""
    is_cloud = method.host is Host.AGENTS
    url = "$LK_AGENTS_URL" if is_cloud else "${LIVEKIT_URL/#ws/http}"
    body = json.dumps(request, default=str, ensure_ascii=True, separators=(",", ":"))
    version = f" -H X-LIVEKIT-CLI-VERSION:{CLI_VERSION}" if is_cloud else ""
    return (
        f'curl "{url}{method.path}" -H "Authorization: Bearer $TOKEN"'
        f" -H Content-Type:application/json{version} -d {shlex.quote(body)}"
    )


def word_of(text: str) -> str:
    """One word of a command. What a terminal might obey is spelled out, so that a paste cannot run it."""
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_spelled, text)) + "'"


def _spelled(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
