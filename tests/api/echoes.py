"""How a server or a gateway quotes what it was sent, and whether anything of that is left in a text."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

VALUE = 'pa"ss/wörd+<canary>&more='
"""A secret with something in it for every kind of escape."""
FORMS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON of Go": lambda value: (
        json.dumps(value, ensure_ascii=False)
        .replace("<", r"\u003c")
        .replace(">", r"\u003e")
        .replace("&", r"\u0026")
    ),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value, ensure_ascii=False)),
    "a URL": lambda value: quote(value, ""),
    "a URL in small letters": lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value, "")),
    "a form": quote_plus,
    "HTML": html.escape,
    "base64 in a URL": lambda value: quote(base64.b64encode(value.encode()).decode(), ""),
    "entities": lambda value: html.escape(value).replace("ö", "&ouml;").replace("+", "&plus;"),
    "Python": ascii,
    "Python, of bytes": lambda value: repr(value.encode()),
    "octal": lambda value: value.replace("ö", r"\303\266").replace('"', r"\""),
    "hexadecimal": lambda value: value.encode().hex(),
    "a list of bytes": lambda value: str([*value.encode()]),
    "a list of bytes, in Go": lambda value: f"[{' '.join(map(str, value.encode()))}]",
    "base64 in base64": lambda value: base64.b64encode(base64.b64encode(value.encode())).decode(),
    "base64 in hexadecimal": lambda value: base64.b64encode(value.encode()).hex().upper(),
}
"""How a text may be quoted."""


def _twirp(said: str) -> str:
    return json.dumps({"code": "invalid_argument", "msg": said})


Echo = tuple[str, Callable[[str], str]]
ECHOES: tuple[Echo, ...] = (
    ("400 Bad Request", _twirp),
    ("400 Bad Request", str),
    ("400 Bad Request", json.dumps),
    ("400 Bad Request", quote),
    ("401 Unauthorized", FORMS["base64"]),
    ("409 Conflict", FORMS["base64 in a URL"]),
    ("500 Oops", _twirp),
    ("201 Created", str),
    ("200 OK", str),
    ("200 OK", lambda said: json.dumps({"success": False, "message": said})),
    ("200 OK", lambda said: f"BUILD ERROR: {said}\n"),
    ("200 OK", _twirp),
    ("400 Bad Request", lambda said: FORMS["base64 for URLs"](f"x{said}").rstrip("=")),
    (
        "404 Not Found",
        lambda said: json.dumps({"body": FORMS["base64"](f"xx{said}"), "isBase64Encoded": True}),
    ),
)
"""Status and form of answers that quote the request."""


def assert_gone(value: str, shown: str) -> None:
    """No form of a value is in a text, nor a part of it that is longer than a few characters (17)."""
    forms = {name: form(value).strip('"') for name, form in FORMS.items()}
    for before in (1, 2):
        packed = base64.b64encode(b"x" * before + value.encode() + b"xx").decode()
        forms[f"base64 after {before}"] = packed[before + 1 : -4]
    for name, whole in forms.items():
        for at in range(0, len(whole) - 11, 6):
            assert whole[at : at + 12] not in shown, (name, shown[:2000])
