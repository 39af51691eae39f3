"""The log view: reads a log of any length as it grows. Its parts are one idea each; `LogView` joins them."""

from tui.ui.logview.view import LogView

__all__ = ["LogView"]
