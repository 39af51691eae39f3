"""The screen as an SVG that every renderer draws aligned."""

from __future__ import annotations

import re
from pathlib import Path

from tui import privatefile

_TEXT = re.compile(
    r'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" ([^>]*)>([^<]*)</text>'
)
_RUN = re.compile(r"(?:&#160;){2,}|^&#160;|&#160;$|(?<=[^\x00-\x7f])&#160;|&#160;(?=[^\x00-\x7f])")
"""Where words begin anew; beside a sign too, since a font that lacks it makes its neighbours move."""
_LETTER = re.compile(r"&[^;]+;|.", re.S)


def align(svg: str) -> str:
    """Give every run of words its own place.

    Textual makes one text of each style and leaves the columns to non-breaking spaces and `textLength`, which
    renderers other than browsers ignore: their columns drift apart.
    """
    return _TEXT.sub(_split, svg)


def keep(svg: str, path: Path) -> None:
    """Write it, aligned, to a new private file; an existing one, or a link, is never written to.

    Takes a while: call it off the event loop. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(privatefile.create(path), "wb") as file:
        file.write(align(svg).encode())


def _split(match: re.Match[str]) -> str:
    kind, x, y, length, rest, text = match.groups()
    letters = len(_LETTER.findall(text))
    if not letters:
        return match.group()
    cell = float(length) / letters
    parts: list[str] = []
    at = 0
    start = 0
    for gap in [*_RUN.finditer(text), None]:
        words = text[start : gap.start() if gap else len(text)]
        count = len(_LETTER.findall(words))
        if words:
            place = f'x="{float(x) + at * cell:g}" y="{y}" textLength="{count * cell:g}"'
            parts.append(f'<text class="{kind}" {place} {rest}>{words}</text>')
        at += count
        if gap:
            at += len(_LETTER.findall(gap.group()))
            start = gap.end()
    return "".join(parts)
