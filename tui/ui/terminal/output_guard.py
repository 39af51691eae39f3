"""Removes control characters from everything that is drawn, as the last step before the terminal.

It patches methods of Textual, after checking that they are the expected ones.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Final

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PATCHED: Final = "_patched_by_lktop"


def guard_output() -> None:
    """Drop control characters, bidirectional marks and hyperlinks from all that any widget draws.

    This is the second line of defence: text is cleaned where it enters, so there should be nothing to drop.
    Raises RuntimeError if this version of Textual draws in another way.
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
        # Text without a style does not pass `render_style`.
        if self._render_cache is None and any(
            style is None and _CONTROLS.search(text) for text, style, _ in self
        ):
            return render(Strip([Segment(drop_controls(text), style) for text, style, _ in self]), console)
        return render(self, console)

    _patch(Strip, "render", guarded_render)
    _patch(Strip, "render_style", classmethod(guarded_style), mark=guarded_style)


def drop_controls(text: str) -> str:
    """The text without control characters, with its width unchanged."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(lambda match: "\ufffd" * cell_len(match.group()), text)


def _parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _uses(function: Callable[..., object], names: set[str]) -> bool:
    """Whether the code of a function uses all of these attributes."""
    code = inspect.unwrap(function).__code__
    inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names <= {name for part in (code, *inner) for name in part.co_names}


def _patch(owner: type, name: str, value: object, mark: object = None) -> None:
    setattr(value if mark is None else mark, _PATCHED, True)
    setattr(owner, name, value)
