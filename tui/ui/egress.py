"""The last step before the terminal: nothing it obeys gets through, and only what changed is sent.

Both patch one method of Textual, after a look whether it is the one they know. Must not know what is drawn.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Final

from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

_OBEYED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PATCHED: Final = "_patched_by_lktop"


def guard_output() -> None:
    """Drop control characters, reordering and hyperlinks from all that is drawn, by whatever widget.

    The second line of defence: text is cleaned visibly where it enters, so there should be nothing to drop.
    Raises RuntimeError if this Textual draws in another way than the one known here.
    """
    if hasattr(Strip.render_style, _PATCHED):
        return
    if _parameters(Strip.render_style) != ["style", "text", "color_system"] or not _uses(
        Strip.render, {"render_style", "_segments", "_render_cache"}
    ):
        raise RuntimeError(
            "this version of Textual cannot be guarded against hostile text; install textual 8.2"
        )
    render_style, render = Strip.render_style, Strip.render

    def guarded_style(_cls: type[Strip], style: Style, text: str, color_system: ColorSystem) -> str:
        if style.link is not None:
            style = style.update_link(None)
        return render_style(style, drop_controls(text), color_system)

    def guarded_render(self: Strip, console: Console) -> str:
        # Text without a style does not come by `render_style`.
        if self._render_cache is None and any(
            style is None and _OBEYED.search(text) for text, style, _ in self
        ):
            return render(Strip([Segment(drop_controls(text), style) for text, style, _ in self]), console)
        return render(self, console)

    _patch(Strip, "render", guarded_render)
    _patch(Strip, "render_style", classmethod(guarded_style), mark=guarded_style)


def drop_controls(text: str) -> str:
    """The text without what a terminal obeys, as wide as it was measured to be."""
    if text.isascii() and text.isprintable():
        return text
    return _OBEYED.sub(lambda match: "\ufffd" * cell_len(match.group()), text)


def crop_left() -> bool:
    """Send a changed cell alone: Textual sends its line from the widget's left edge on, thrice the bytes.

    Returns whether it is in force: in a Textual that draws in another way, its own method is left alone.
    """
    if hasattr(ChopsUpdate.render_segments, _PATCHED):
        return True
    if (
        _parameters(ChopsUpdate) != ["chops", "spans", "chop_ends"]
        or _parameters(ChopsUpdate.render_segments) != ["self", "console"]
        or not _uses(
            ChopsUpdate.render_segments, {"chops", "spans", "chop_ends", "crop", "render", "segment"}
        )
    ):
        return False
    _patch(ChopsUpdate, "render_segments", _render_changed)
    return True


def _render_changed(self: ChopsUpdate, console: Console) -> str:
    """The sequences for the changed spans `(y, first column, column past the last)` of each line."""
    output: list[str] = []
    for y, first, last in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            if strip is None or x >= last or end <= first:
                continue
            if x < first or end > last:
                start, strip = crop_glyphs(strip, first - x, last - x)
                x += start
            output.append(Control.move_to(x, y).segment.text)
            output.append(strip.render(console))
    return "".join(output)


def crop_glyphs(strip: Strip, left: int, right: int) -> tuple[int, Strip]:
    """The glyphs that touch the cells from `left` to before `right`, and the cell where they start.

    Whole and with their marks: `Strip.crop` blanks a wide glyph that it cuts in two, and parts a letter from
    the marks on it, which would then be put on its neighbour.
    """
    start = max(0, left)
    kept: list[Segment] = []
    position = 0
    for text, style, _ in strip:
        if position > right:
            break
        if text.isascii():
            piece = text[max(0, left - position) : max(0, right - position)]
            position += len(text)
        else:
            touched: list[tuple[int, int]] = []
            for begin, end, cells in split_graphemes(text)[0]:
                # What has no width belongs to the glyph that ends here.
                if position < right and position + cells > left if cells else left < position <= right:
                    touched.append((begin, end))
                    start = min(start, position)
                position += cells
            piece = text[touched[0][0] : touched[-1][1]] if touched else ""
        if piece:
            kept.append(Segment(piece, style))
    return start, Strip(kept)


def _parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _uses(function: Callable[..., object], names: set[str]) -> bool:
    """Whether the code of a function still touches all of these attributes."""
    code = inspect.unwrap(function).__code__
    inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names <= {name for part in (code, *inner) for name in part.co_names}


def _patch(owner: type, name: str, value: object, mark: object = None) -> None:
    setattr(value if mark is None else mark, _PATCHED, True)
    setattr(owner, name, value)
