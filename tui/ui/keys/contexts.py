"""The places where a key is pressed. Knows no widget: each asks for the bindings of its context."""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct


class Group(Enum):
    """Contexts of one group share their keys: within it, a key has one meaning."""

    MAIN = "the main screen, and the lists and texts that are laid over it"
    TIME_BAR = "the bar of the past, while it has the keyboard"
    PROMPT = "a line that is typed"
    PICKER = "a short list over a log"
    HELP = ""
    DIALOG = "a dialog"


class Context(Struct, frozen=True):
    """A place where a key is pressed."""

    name: str
    words: str
    """In words, after "in"; empty if the group says enough, or if it is everywhere."""
    group: Group


APP: Final = Context("app", "", Group.MAIN)
SCREEN: Final = Context("screen", "", Group.MAIN)
TABLE: Final = Context("table", "lists", Group.MAIN)
LIST: Final = Context("list", "lists", Group.MAIN)
AGENTS: Final = Context("agents", "Agents", Group.MAIN)
STATUS: Final = Context("status", "Status", Group.MAIN)
VERSIONS: Final = Context("versions", "Versions", Group.MAIN)
SECRETS: Final = Context("secrets", "Secrets", Group.MAIN)
DISPATCHES: Final = Context("dispatches", "Dispatches", Group.MAIN)
TIMELINE: Final = Context("timeline", "Timeline", Group.MAIN)
LOGS: Final = Context("logs", "Logs", Group.MAIN)
LOGS_PANE: Final = Context("logs-pane", "Logs", Group.MAIN)
"""What concerns whose log is shown, and not its lines."""
RAW: Final = Context("raw", "the JSON of a row", Group.MAIN)
MESSAGES: Final = Context("messages", "the messages", Group.MAIN)
CHOOSER: Final = Context("chooser", "the list of projects", Group.MAIN)
AUDIT: Final = Context("audit", "the audit trail", Group.MAIN)
LINKS: Final = Context("links", "private links", Group.MAIN)
PAST_LIST: Final = Context("past-list", "lists of what changed or failed", Group.MAIN)

TIME_BAR: Final = Context("time-bar", "", Group.TIME_BAR)
PROMPT: Final = Context("prompt", "", Group.PROMPT)
LOG_PROMPT: Final = Context("log-prompt", "", Group.PROMPT)
PICKER: Final = Context("picker", "pickers", Group.PICKER)
HELP: Final = Context("help", "", Group.HELP)

DIALOG: Final = Context("dialog", "", Group.DIALOG)
BUTTON: Final = Context("button", "a button", Group.DIALOG)
CHOICE: Final = Context("choice", "a choice", Group.DIALOG)
SUGGESTIONS: Final = Context("suggestions", "a text", Group.DIALOG)
OPTIONS: Final = Context("options", "a list", Group.DIALOG)
SECRET: Final = Context("secret", "a secret", Group.DIALOG)
OPERATION: Final = Context("operation", "an operation", Group.DIALOG)
BULK: Final = Context("bulk", "several targets", Group.DIALOG)
UNRESOLVED: Final = Context("unresolved", "operations with an unknown outcome", Group.DIALOG)
DEPLOY: Final = Context("deploy", "the form of a deploy", Group.DIALOG)
DEPLOYING: Final = Context("deploying", "a deploy under way", Group.DIALOG)
