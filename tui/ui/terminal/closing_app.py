"""An application whose parts stop working before they go. Knows nothing of terminals.

Textual takes a screen apart from the inside out and cancels its work last. An answer that comes in between
would be shown in parts that are not there any more.
"""

from __future__ import annotations

import logging
from typing import Final

from rich.console import RenderableType
from textual._context import active_message_pump
from textual.app import App, ScreenStackError
from textual.await_remove import AwaitRemove
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.message_pump import MessagePump
from textual.widget import MountError, Widget
from textual.worker import NoActiveWorker, Worker, WorkerFailed, get_current_worker

from tui.process import traceback_text

LACKING: Final = (MountError, NoMatches, NoScreen, ScreenStackError)
"""Errors of what looks for a part, or for its place, that is not there."""


class ClosingApp(App[None]):
    """Textual's, with another order at the end."""

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Like Textual's, but work ends now."""
        super().exit(result, return_code, message)
        self._cancel_work(self)

    async def _shutdown(self) -> None:
        """Like Textual's, but all work is cancelled first, whatever led to it."""
        self._exit = True
        self.workers.cancel_all()
        await super()._shutdown()

    def _handle_exception(self, error: Exception) -> None:
        """Like Textual's, but what lacks parts because it is going is no crash.

        Textual gives no parts to a screen that is closed before it has them, nor to one that opens as the
        program ends, and tells it all the same that it is there.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, LACKING) and self._is_going(active_message_pump.get(self)):
            logging.getLogger("lktop").error("while closing: %s", traceback_text(cause))
        else:
            super()._handle_exception(error)

    def _is_going(self, pump: MessagePump) -> bool:
        """Whether the program ends, or this part of it."""
        nodes = pump.ancestors_with_self if isinstance(pump, DOMNode) else []
        return self._exit or any(node._pruning for node in nodes)

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Like Textual's, but work of what is removed is cancelled first."""
        self._cancel_work(*nodes)
        return super()._prune(*nodes, parent=parent)

    def _cancel_work(self, *nodes: DOMNode) -> None:
        """Cancel the work of these and of all within them, but for the one that calls this."""
        try:
            caller: Worker[object] | None = get_current_worker()
        except NoActiveWorker:
            caller = None
        for worker in self.workers:
            if worker is not caller and not set(nodes).isdisjoint(worker.node.ancestors_with_self):
                worker.cancel()
