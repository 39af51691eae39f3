"""Every key of the program: what it means, where it does what, and whether that is there yet.

Bindings, help, footer and the README's tables are made from here, and nothing binds a key elsewhere. A key
whose feature is not there yet stands here with `on=False`: it is not bound, not listed, and silent when it is
pressed. The feature turns it on by taking that out, and adds its own contexts to the `use` of other keys.
"""

from __future__ import annotations

from typing import Final

from tui.ui.keys.contexts import (
    AGENTS,
    APP,
    AUDIT,
    BULK,
    BUTTON,
    CHOICE,
    CHOOSER,
    DEPLOY,
    DEPLOYING,
    DIALOG,
    DISPATCHES,
    HELP,
    LINKS,
    LIST,
    LOG_PROMPT,
    LOGS,
    LOGS_PANE,
    MESSAGES,
    OPERATION,
    OPTIONS,
    PICKER,
    PROMPT,
    RAW,
    SCREEN,
    SECRET,
    SECRETS,
    STATUS,
    SUGGESTIONS,
    TABLE,
    UNLOCK,
    UNRESOLVED,
    VERSIONS,
)
from tui.ui.keys.key import Key, Section, operate, use

_LAID_OVER: Final = (RAW, MESSAGES, CHOOSER, AUDIT, LINKS)
"""Lists and texts over the main screen."""

_OPENS: Final = Section(
    "Everywhere: opens and shows",
    (
        Key("1", "Agents", (use("pane('agents')", SCREEN),)),
        Key("2", "Status", (use("pane('status')", SCREEN),)),
        Key("3", "Versions", (use("pane('versions')", SCREEN),)),
        Key("4", "Secrets", (use("pane('secrets')", SCREEN),)),
        Key("5", "Dispatches", (use("pane('dispatches')", SCREEN),)),
        Key("6", "Logs", (use("pane('logs')", SCREEN),)),
        Key("tab", "Next pane", (use("next_pane(1)", SCREEN),)),
        Key("shift+tab", "Previous pane", (use("next_pane(-1)", SCREEN),)),
        Key("enter", "Open", (use("open", TABLE), use("open", LOGS, label="Expand", footer=True))),
        Key("escape", "Back", (use("back", SCREEN, LOGS), use("leave", *_LAID_OVER, label="Close"))),
        Key(
            "q",
            "Back, at the root quit",
            (use("leave", APP), use("leave", *_LAID_OVER, label="Close")),
        ),
        Key("ctrl+q", "Quit", (use("quit", APP, priority=True),)),
        Key("ctrl+c", "Copy or, twice, quit", (use("interrupt", APP, priority=True),)),
        Key("slash", "Filter", (use("filter", SCREEN, footer=True),)),
        Key("colon", "Command", (use("command", SCREEN, footer=True),)),
        Key("l", "Logs", (use("logs('deploy')", SCREEN, footer=True),)),
        Key("b", "Build log", (use("logs('build')", SCREEN, footer=True),)),
        Key("f", "Full screen", (use("maximise", SCREEN, footer=True),)),
        Key("exclamation_mark,ctrl+z", "Problems only", (use("problems", SCREEN),)),
        Key("ctrl+w", "Wide columns", (use("wide", SCREEN),)),
        Key("v", "Versions", (use("pane('versions')", SCREEN),)),
        Key("s", "Secrets", (use("pane('secrets')", SCREEN),)),
        Key("d", "Status", (use("pane('status')", SCREEN),)),
        Key("D", "Dispatches of this agent", (use("agent_dispatches", SCREEN),)),
        Key("question_mark,f1", "Help", (use("help", APP, footer=True),)),
        Key(
            "c",
            "Copy",
            (use("copy", APP, RAW, MESSAGES, LOGS), use("copy", LINKS, label="Copy the id")),
        ),
        Key("y", "JSON", (use("raw", APP), use("leave", RAW, label="Close"))),
        Key("t", "Times: relative, local, UTC", (use("times", APP),)),
        Key("ctrl+r", "Refresh now", (use("refresh_now", APP), use("ask", LINKS, label="Ask again"))),
        Key("ctrl+l", "Redraw the screen", (use("redraw", APP),)),
        Key("f8", "Save a picture of the screen", (use("picture", APP),)),
        Key("at", "Other project", (use("choose_project", APP),)),
    ),
)

_MOVES: Final = Section(
    "Lists and the tree",
    (
        Key("down,j", "Down", (use("move(1)", TABLE, LOGS),)),
        Key("up,k", "Up", (use("move(-1)", TABLE, LOGS),)),
        Key("pagedown,ctrl+f", "Page down", (use("page(1)", TABLE),)),
        Key("pageup,ctrl+b", "Page up", (use("page(-1)", TABLE),)),
        Key("home,g", "Top", (use("top", TABLE), use("home", LOGS))),
        Key("end,G", "Bottom", (use("bottom", TABLE), use("bottom", LOGS, label="Follow"))),
        Key("space", "Mark", (use("mark", TABLE),)),
        Key("ctrl+@,ctrl+space", "Mark range", (use("mark_range", TABLE),)),
        Key("asterisk", "Mark all shown", (use("mark_all", TABLE),)),
        Key("backslash,ctrl+backslash", "Clear marks", (use("unmark", TABLE),)),
        Key("shift+left", "Previous column", (use("column(-1)", TABLE),)),
        Key("shift+right", "Next column", (use("column(1)", TABLE),)),
        Key("O", "Sort by picked column", (use("sort_picked", LIST),)),
        Key("right", "Expand", (use("open", DISPATCHES),)),
        Key("left", "Collapse", (use("close", DISPATCHES),)),
        Key("z", "Expand or collapse all", (use("toggle_all", DISPATCHES),)),
        Key("x", "Show or hide metadata", (use("reveal", DISPATCHES, RAW),)),
        Key("o", "Go to the agent", (use("screen.owner", DISPATCHES),)),
        Key("N", "Sort by name", (use("sort('name')", AGENTS),)),
        Key("S", "Sort by severity", (use("sort('state')", AGENTS),)),
        Key("A", "Sort by age", (use("sort('deployed')", AGENTS),)),
        Key("C", "Sort by CPU", (use("sort('cpu')", AGENTS),)),
        Key("M", "Sort by memory", (use("sort('mem')", AGENTS),)),
    ),
)

_ACTS: Final = Section(
    "Everywhere: acts",
    (
        Key(
            "ctrl+n",
            "New",
            (
                operate("dispatch", AGENTS, STATUS, DISPATCHES),
                operate("new_secret", SECRETS),
                use("create", LINKS, label="New link"),
            ),
        ),
        Key("r", "Run again", (operate("restart", AGENTS, STATUS), operate("redispatch", DISPATCHES))),
        Key("R", "Roll back", (operate("rollback", AGENTS, STATUS, VERSIONS),)),
        Key("r", "Roll back", (operate("rollback", VERSIONS),)),
        Key("P", "Promote", (operate("promote", AGENTS, STATUS, VERSIONS),)),
        Key("U", "Update", (operate("update", AGENTS, STATUS),)),
        Key("e", "Set secret", (operate("set_secret", SECRETS),)),
        Key("i", "Import secrets", (operate("import_secrets", SECRETS),)),
        Key(
            "ctrl+d",
            "Delete",
            (
                operate("delete_agent", AGENTS, STATUS),
                operate("remove_secrets", SECRETS),
                operate("undispatch", DISPATCHES),
                use("delete", LINKS, label="Delete the link"),
            ),
        ),
        Key("ctrl+o", "Deploy from the working directory", (use("deploy", SCREEN),)),
        Key("u", "Undo, for 30 s", (use("undo", SCREEN),)),
    ),
)

_LOGS: Final = Section(
    "Logs",
    (
        Key("p", "Pin to this agent", (use("pin", LOGS_PANE, footer=True),)),
        Key("space,pagedown", "Page down", (use("page(1.0)", LOGS),)),
        Key("b,pageup", "Page up", (use("page(-1.0)", LOGS),)),
        Key("ctrl+d", "Half page down", (use("page(0.5)", LOGS),)),
        Key("ctrl+u", "Half page up", (use("page(-0.5)", LOGS),)),
        Key("h,left", "Left", (use("sideways(-1)", LOGS),)),
        Key("l,right", "Right", (use("sideways(1)", LOGS),)),
        Key("s", "Follow on / off", (use("follow", LOGS, footer=True),)),
        Key("w,ctrl+w", "Wrap", (use("wrap", LOGS, footer=True),)),
        Key("t", "Times", (use("times", LOGS),)),
        Key("P", "Pretty JSON", (use("pretty", LOGS),)),
        Key("y", "Raw line", (use("raw", LOGS),)),
        Key("m", "Bookmark", (use("bookmark", LOGS),)),
        Key("M", "Pick a range", (use("range", LOGS),)),
        Key("u", "Next bookmark", (use("to_bookmark(1)", LOGS),)),
        Key("U", "Previous bookmark", (use("to_bookmark(-1)", LOGS),)),
        Key("Y", "Copy as received", (use("copy_raw", LOGS),)),
        Key("n", "Next match", (use("match(1)", LOGS),)),
        Key("N", "Previous match", (use("match(-1)", LOGS),)),
        Key("ctrl+f", "Filters on / off", (use("filters", LOGS),)),
        Key("L", "Level", (use("level", LOGS, footer=True),)),
        Key("e", "Next error", (use("error(1)", LOGS, footer=True),)),
        Key("E", "Previous error", (use("error(-1)", LOGS),)),
        Key("o", "Next line of the job", (use("job_line(1)", LOGS),)),
        Key("O", "Previous line of the job", (use("job_line(-1)", LOGS),)),
        Key("J", "To the job", (use("job", LOGS, footer=True),)),
        Key("comma", "A minute back", (use("minute(-1)", LOGS),)),
        Key("full_stop", "A minute on", (use("minute(1)", LOGS),)),
        Key("C", "Clear", (use("clear", LOGS),)),
        Key("slash", "Search", (use("search", LOGS, footer=True),)),
        Key("ampersand", "Filter", (use("filter", LOGS, footer=True),)),
        Key("T", "Go to a time", (use("time", LOGS),)),
        Key("i", "Note", (use("note", LOGS),)),
        Key("x", "Fields", (use("fields", LOGS),)),
        Key("v", "Sources", (use("sources", LOGS, footer=True),)),
        Key("V", "Kept and saved logs", (use("files", LOGS),)),
        Key("X", "Kinds of errors", (use("kinds", LOGS, footer=True),)),
        Key("ctrl+s", "Save", (use("save", LOGS),)),
    ),
)

_PROMPTS: Final = Section(
    "Prompts",
    (
        Key("escape", "Cancel", (use("cancel", PROMPT, LOG_PROMPT),)),
        Key("up", "Earlier", (use("history(-1)", PROMPT), use("earlier(-1)", LOG_PROMPT))),
        Key("down", "Later", (use("history(1)", PROMPT), use("earlier(1)", LOG_PROMPT))),
        Key(
            "tab",
            "Complete",
            (use("accept", PROMPT, priority=True), use("nothing", LOG_PROMPT, priority=True)),
        ),
        Key("ctrl+u", "Clear", (use("clear", PROMPT, LOG_PROMPT, priority=True),)),
    ),
)

_PICKERS: Final = Section(
    "Pickers",
    (
        Key("j,down", "Down", (use("move(1)", PICKER),)),
        Key("k,up", "Up", (use("move(-1)", PICKER),)),
        Key("g,home", "First", (use("move(-100000)", PICKER),)),
        Key("G,end", "Last", (use("move(100000)", PICKER),)),
        Key("pagedown", "Page down", (use("move(8)", PICKER),)),
        Key("pageup", "Page up", (use("move(-8)", PICKER),)),
        Key("enter", "Choose", (use("pick", PICKER, footer=True),)),
        Key("space", "On / off", (use("switch", PICKER, footer=True),)),
        Key("d,delete", "Remove", (use("remove", PICKER, footer=True),)),
        Key("escape,q", "Close", (use("close", PICKER, footer=True),)),
    ),
)

_HELP: Final = Section(
    "Help",
    (
        Key("escape,f1", "Close", (use("leave", HELP, priority=True),)),
        Key("down", "Down", (use("move(1)", HELP, priority=True),)),
        Key("up", "Up", (use("move(-1)", HELP, priority=True),)),
        Key("pagedown", "Page down", (use("page(1)", HELP, priority=True),)),
        Key("pageup", "Page up", (use("page(-1)", HELP, priority=True),)),
    ),
)

_DIALOGS: Final = Section(
    "Dialogs",
    (
        Key("escape", "Close", (use("leave", DIALOG),)),
        Key("ctrl+s", "To the button that acts", (use("to_button", DIALOG),)),
        Key("enter", "Press", (use("press", BUTTON),)),
        Key("left", "Previous", (use("app.focus_previous", BUTTON),)),
        Key("right", "Next", (use("app.focus_next", BUTTON),)),
        Key("left,h", "Previous", (use("choose(-1)", CHOICE),)),
        Key("right,l,space", "Next", (use("choose(1)", CHOICE),)),
        Key("enter", "Go on", (use("next", CHOICE),)),
        Key("down", "Suggestions", (use("offer(1)", SUGGESTIONS),)),
        Key("up", "Suggestions", (use("offer(-1)", SUGGESTIONS),)),
        Key(
            "pagedown",
            "Scroll down",
            (use("scroll(1)", OPERATION, BULK, DEPLOY), use("screen.scroll(1)", OPTIONS)),
        ),
        Key(
            "pageup",
            "Scroll up",
            (use("scroll(-1)", OPERATION, BULK, DEPLOY), use("screen.scroll(-1)", OPTIONS)),
        ),
        Key("ctrl+u", "Clear", (use("clear", SECRET),)),
        Key("ctrl+c,ctrl+x,super+c", "Never copied", (use("refuse_copy", SECRET, priority=True),)),
        Key("ctrl+r", "Read again", (use("read_again", OPERATION),)),
        Key("c", "Copy", (use("copy_command", OPERATION, label="Copy the command"), use("copy", DEPLOYING))),
        Key("n", "Cancel", (use("leave", OPERATION, BULK, UNLOCK),)),
        Key("y", "Do it, where it can be taken back", (use("yes", OPERATION),)),
        Key("f8", "Save a picture", (use("picture", OPERATION, BULK),)),
        Key("q", "Close", (use("leave", UNRESOLVED, DEPLOYING),)),
        Key("r", "Look again", (use("look", UNRESOLVED),)),
        Key("x", "Set aside", (use("set_aside", UNRESOLVED),)),
    ),
)

SECTIONS: Final = (_OPENS, _MOVES, _ACTS, _LOGS, _PROMPTS, _PICKERS, _HELP, _DIALOGS)
"""Headings, with their keys."""
KEYS: Final = tuple(key for section in SECTIONS for key in section.keys)
"""All of them."""
