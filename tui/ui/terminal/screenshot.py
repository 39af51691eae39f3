"""Screenshots as SVG files that every renderer draws aligned."""

from __future__ import annotations

import re
from pathlib import Path

from tui import privatefile

_TEXT = re.compile(
    r'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" ([^>]*)>([^<]*)</text>'
)
_RUN = re.compile(r"(?:&#160;){2,}|^&#160;|&#160;$|(?<=[^\x00-\x7f])&#160;|&#160;(?=[^\x00-\x7f])")
"""Where a new text begins: at gaps, and beside signs, since a font that lacks one shifts its neighbours."""
_LETTER = re.compile(r"&[^;]+;|.", re.S)


def align(svg: str) -> str:
    """Give every run of words its own position.

    Textual makes one text per style and relies on non-breaking spaces and `textLength` for columns. Renderers
    other than browsers ignore these, so their columns drift.
    """
    return _TEXT.sub(_split, svg)


def save(svg: str, path: Path) -> None:
    """Write it, aligned, to a new private file; never to an existing one, nor where a link leads.

    Slow: call it off the event loop. Raises OSError, and then nothing of the file is left.
    """
    privatefile.save(path, align(svg).encode())


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
