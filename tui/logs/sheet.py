"""Some lines, as an expression is looked for in them: all at once where that comes to the same. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from tui.logs.texts import texts_of


class Sheet:
    """The texts of some lines, most of them in one."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        texts, odd = texts_of(lines)
        # anything but printable ASCII may have another case, or bounds of its own
        self._alone = [(n, texts[n]) for n in sorted(odd) if not _even(texts[n])]
        skip = {n for n, _ in self._alone}
        self._places: Sequence[int] = range(len(texts))
        self._texts = texts
        if skip:
            self._places = [n for n in self._places if n not in skip]
            self._texts = [texts[n] for n in self._places]
        self._joined = "\n".join(self._texts).lower()
        self._starts = [0, *accumulate(len(text) + 1 for text in self._texts)]
        self._longest = max(map(len, self._texts), default=0)

    def hits(self, regex: re.Pattern[str], folded: re.Pattern[str] | None, reach: int) -> list[int]:
        """Which of the lines an expression matches within its reach, in any order.

        `folded` is the same, written anew for lower case and many lines (`fold`).
        """
        found = [n for n, text in self._alone if regex.search(text, 0, reach)]
        if folded is None or self._longest > reach:
            search = regex.search
            texts = zip(self._places, self._texts, strict=True)
            return [*found, *(n for n, text in texts if search(text, 0, reach))]
        joined, starts, search = self._joined, self._starts, folded.search
        line, end = 0, len(starts) - 1
        while line < end and (match := search(joined, starts[line])):
            line = bisect_right(starts, match.start())
            found.append(self._places[line - 1])
        return found


def _even(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()
