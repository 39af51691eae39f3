"""The log view: reads a log of any length while it grows. `LogView` is the widget to use."""

from tui.ui.logview.view import LogView

__all__ = ["LogView"]
