"""Every key of the program: what it means, where it does what, and whether that is there yet.

Bindings, help, footer and the README's tables are made from here, and nothing binds a key elsewhere. A key
whose feature is not there yet stands here with `on=False`: it is not bound, not listed, and silent when it is
pressed. The feature turns it on by taking that out, and adds its own contexts to the `use` of other keys.
It is long because it is a table.
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
    PAST_LIST,
    PICKER,
    PROMPT,
    RAW,
    SCREEN,
    SECRET,
    SECRETS,
    STATUS,
    SUGGESTIONS,
    TABLE,
    TIME_BAR,
    TIMELINE,
    UNRESOLVED,
    VERSIONS,
)
from tui.ui.keys.key import Key, Section, operate, use

_LAID_OVER: Final = (RAW, MESSAGES, CHOOSER, AUDIT, LINKS, PAST_LIST)
"""Lists and texts over the main screen."""
_PANES: Final = (AGENTS, STATUS, VERSIONS, SECRETS, DISPATCHES)
"""Where keys act. Logs are read: there they say so."""

_OPENS: Final = Section(
    "Everywhere: opens and shows",
    (
        Key("0", "Pulse", (use("pane('pulse')", SCREEN),), on=False),
        Key("1", "Agents", (use("pane('agents')", SCREEN),)),
        Key("2", "Status", (use("pane('status')", SCREEN),)),
        Key("3", "Versions", (use("pane('versions')", SCREEN),)),
        Key("4", "Secrets", (use("pane('secrets')", SCREEN),)),
        Key("5", "Dispatches", (use("pane('dispatches')", SCREEN),)),
        Key("6", "Logs", (use("pane('logs')", SCREEN),)),
        Key("7", "Timeline", (use("pane('timeline')", SCREEN),)),
        Key("8", "Alerts", (use("pane('alerts')", SCREEN),), on=False),
        Key("9", "Join board of all agents", (use("pane('joins')", SCREEN),), on=False),
        Key("tab", "Next pane", (use("next_pane(1)", SCREEN),)),
        Key("shift+tab", "Previous pane", (use("next_pane(-1)", SCREEN),)),
        Key("enter", "Open", (use("open", TABLE), use("open", LOGS, label="Expand", footer=True))),
        Key("escape", "Back", (use("back", SCREEN, LOGS), use("leave", *_LAID_OVER))),
        Key("q", "Back; on the first pane, quit", (use("leave", APP, *_LAID_OVER),)),
        Key("ctrl+q", "Quit", (use("quit", APP, priority=True),)),
        Key("ctrl+c", "Copy the selection; twice, quit", (use("interrupt", APP, priority=True),)),
        Key(
            "slash",
            "Look for text",
            (
                use("filter", SCREEN, label="Filter", footer=True),
                use("search", LOGS, label="Search", footer=True),
            ),
        ),
        Key("colon", "Command", (use("command", SCREEN, footer=True),)),
        Key("l", "Its log", (use("logs('deploy')", SCREEN, label="Log", footer=True),)),
        Key("B", "Its build log", (use("logs('build')", SCREEN, label="Build log", footer=True),)),
        Key("f", "Full screen and back", (use("maximise", SCREEN, label="Full screen", footer=True),)),
        Key(
            "ampersand",
            "Show only what matches",
            (use("filter", SCREEN), use("filter", LOGS, label="Filter", footer=True)),
        ),
        Key("F", "Turn filters off and on", (use("filters", SCREEN, LOGS),)),
        Key(
            "exclamation_mark,ctrl+z",
            "Problems only",
            (use("problems", SCREEN), use("errors_only", LOGS, label="Errors only")),
        ),
        Key("d", "Status of this agent", (use("detail('status')", SCREEN),)),
        Key("v", "Versions of this agent", (use("detail('versions')", SCREEN),)),
        Key("s", "Secrets of this agent", (use("detail('secrets')", SCREEN),)),
        Key("D", "Dispatches of this agent", (use("agent_dispatches", SCREEN),)),
        Key("A", "Go to its agent", (use("owner", SCREEN), use("agent", PAST_LIST))),
        Key(
            "J",
            "Go to its job",
            (
                use("job", LOGS, PAST_LIST, label="Job", footer=True),
                use("screen.event_job", TIMELINE, label="Job", footer=True),
            ),
        ),
        Key("ctrl+p", "Find any id or name", (use("command('find ')", SCREEN),)),
        Key("at", "Projects", (use("choose_project", APP),)),
        Key(
            "w,ctrl+w",
            "More columns, or wrapped lines",
            (use("wide", SCREEN, label="More columns"), use("wrap", LOGS, label="Wrap")),
        ),
        Key(
            "z",
            "Open or close all",
            (use("toggle_all", DISPATCHES), use("pretty", LOGS, label="JSON in lines")),
        ),
        Key(
            "x",
            "Show metadata, or log fields",
            (use("reveal", DISPATCHES, RAW, label="Metadata"), use("fields", LOGS)),
        ),
        Key("t", "Times: relative, local, UTC", (use("times", APP, LOGS),)),
        Key("y", "Row as JSON", (use("raw", APP), use("raw", LOGS, label="As received"), use("leave", RAW))),
        Key(
            "c",
            "Copy the marked rows, else this one",
            (use("copy", APP, LOGS, LINKS, MESSAGES, PAST_LIST), use("copy", RAW, label="Copy all of it")),
        ),
        Key("Y", "Copy as text, Markdown, CSV, as received", (use("copy_as", APP, LOGS),)),
        Key("ctrl+s", "Save to a file", (use("save", APP, LOGS),)),
        Key("ctrl+r", "Reload", (use("refresh_now", APP), use("ask", LINKS))),
        Key("ctrl+l", "Redraw the screen", (use("redraw", APP),)),
        Key("question_mark,f1", "Help", (use("help", APP, footer=True),)),
        Key("f8", "Save a picture of the screen", (use("picture", APP),)),
    ),
)

_MOVES: Final = Section(
    "Everywhere: moves",
    (
        Key("j,down", "Down", (use("move(1)", TABLE, LOGS),)),
        Key("k,up", "Up", (use("move(-1)", TABLE, LOGS),)),
        Key("g,home", "Top", (use("top", TABLE, LOGS),)),
        Key("G,end", "Bottom", (use("bottom", TABLE), use("bottom", LOGS, label="Bottom, and follow"))),
        Key("pagedown,ctrl+f", "Page down", (use("page(1)", TABLE, LOGS),)),
        Key("pageup,ctrl+b,b", "Page up", (use("page(-1)", TABLE, LOGS),)),
        Key("left", "To the left", (use("close", DISPATCHES, label="Collapse"), use("sideways(-1)", LOGS))),
        Key("right", "To the right", (use("open", DISPATCHES, label="Expand"), use("sideways(1)", LOGS))),
        Key(
            "e",
            "Next problem",
            (use("screen.problem(1)", LIST), use("error(1)", LOGS, label="Next error", footer=True)),
        ),
        Key(
            "E",
            "Previous problem",
            (use("screen.problem(-1)", LIST), use("error(-1)", LOGS, label="Previous error")),
        ),
        Key(
            "left_square_bracket",
            "Previous event",
            (use("notice(-1)", LOGS, label="Previous notice"), use("event(-1)", TIMELINE)),
        ),
        Key(
            "right_square_bracket",
            "Next event",
            (use("notice(1)", LOGS, label="Next notice"), use("event(1)", TIMELINE)),
        ),
        Key("left_parenthesis", "Previous mark", (use("screen.to_mark(-1)", LIST), use("to_mark(-1)", LOGS))),
        Key("right_parenthesis", "Next mark", (use("screen.to_mark(1)", LIST), use("to_mark(1)", LOGS))),
        Key("comma", "A minute back", (use("minute(-1)", LOGS, TIMELINE),)),
        Key("full_stop", "A minute forward", (use("minute(1)", LOGS, TIMELINE),)),
        Key("T", "Go to a time", (use("time", LOGS), use("time", SCREEN))),
        Key("ctrl+t", "The past", (use("past", SCREEN),)),
        Key("p", "Pause or play", (use("follow", LOGS, label="Follow", footer=True),)),
        Key("m", "Mark", (use("mark", TABLE, LOGS),)),
        Key(
            "M,ctrl+@,ctrl+at,ctrl+space",
            "Mark from the last mark to here",
            (use("mark_range", TABLE, LOGS),),
        ),
        Key("asterisk", "Mark all shown", (use("mark_all", TABLE, LOGS),)),
        Key("backslash,ctrl+backslash", "Unmark all", (use("unmark", TABLE, LOGS),)),
    ),
)

_ACTS: Final = Section(
    "Everywhere: acts, after a question that has Cancel first",
    (
        Key(
            "ctrl+n",
            "New",
            (
                operate("dispatch", AGENTS, STATUS, VERSIONS, DISPATCHES),
                operate("new_secret", SECRETS),
                use("create", LINKS, label="New link"),
            ),
        ),
        Key(
            "r",
            "Run again",
            (operate("restart", AGENTS, STATUS), operate("redispatch", DISPATCHES)),
            instead=((VERSIONS, "R rolls back to this version"), (SECRETS, "U sets this secret")),
        ),
        Key("R", "Roll back", (operate("rollback", AGENTS, STATUS, VERSIONS),)),
        Key("P", "Promote", (operate("promote", AGENTS, STATUS, VERSIONS),)),
        Key("U", "Update", (operate("update", AGENTS, STATUS), operate("set_secret", SECRETS))),
        Key("I", "Import secrets", (operate("import_secrets", SECRETS),)),
        Key(
            "ctrl+d",
            "Delete this, or the marked",
            (
                operate("delete_agent", AGENTS, STATUS),
                operate("remove_secrets", SECRETS),
                operate("undispatch", DISPATCHES),
                use("delete", LINKS, label="Delete link"),
            ),
        ),
        Key("ctrl+o", "Deploy from the working directory", (use("screen.deploy", *_PANES, TIMELINE),)),
        Key("u", "Undo, within 30 s", (use("screen.undo", *_PANES, TIMELINE),)),
        Key("a", "Acknowledge", (use("acknowledge", SCREEN),), on=False),
        Key("i", "Add a note", (use("note", LOGS, label="Note"), use("screen.note", *_PANES, TIMELINE))),
    ),
)

_LISTS: Final = Section(
    "Lists and the tree",
    (
        Key("space", "Mark", (use("mark", TABLE),)),
        Key("less_than_sign,shift+left", "Pick the column to the left", (use("column(-1)", TABLE),)),
        Key("greater_than_sign,shift+right", "Pick the column to the right", (use("column(1)", TABLE),)),
        Key(
            "S",
            "Sort: the footer shows the letters",
            (use("choose_sort", AGENTS, VERSIONS, SECRETS, DISPATCHES),),
        ),
    ),
)

_LOGS: Final = Section(
    "Logs",
    (
        Key("space", "Page down", (use("page(1)", LOGS),)),
        Key("n", "Next match", (use("match(1)", LOGS),)),
        Key("N", "Previous match", (use("match(-1)", LOGS),)),
        Key("o", "Next line of the same job", (use("job_line(1)", LOGS),)),
        Key("O", "Previous line of the same job", (use("job_line(-1)", LOGS),)),
        Key("L", "Level", (use("level", LOGS, footer=True),)),
        Key("W", "Sources", (use("sources", LOGS, footer=True),)),
        Key("X", "Errors by type", (use("kinds", LOGS, footer=True),)),
        Key("V", "Kept and saved logs", (use("files", LOGS),)),
        Key("C", "Clear the view", (use("clear", LOGS),)),
        Key(
            "K",
            "Keep this agent's log, or follow the cursor",
            (use("keep", LOGS_PANE, label="Keep this log", footer=True),),
        ),
    ),
)

_TIME_BAR: Final = Section(
    "Time bar",
    (
        Key("escape,ctrl+t", "Back to now", (use("leave", TIME_BAR, footer=True),)),
        Key("left", "Previous sample", (use("sample(-1)", TIME_BAR, footer=True),)),
        Key("right", "Next sample", (use("sample(1)", TIME_BAR, footer=True),)),
        Key("comma", "A minute back", (use("minute(-1)", TIME_BAR),)),
        Key("full_stop", "A minute forward", (use("minute(1)", TIME_BAR),)),
        Key("left_square_bracket", "Previous event", (use("event(-1)", TIME_BAR),)),
        Key("right_square_bracket", "Next event", (use("event(1)", TIME_BAR, footer=True),)),
        Key("e", "Next problem", (use("problem(1)", TIME_BAR, footer=True),)),
        Key("E", "Previous problem", (use("problem(-1)", TIME_BAR),)),
        Key("g,home", "Oldest", (use("oldest", TIME_BAR),)),
        Key("G,end", "Newest", (use("newest", TIME_BAR),)),
        Key("T", "Go to a time", (use("time", TIME_BAR, footer=True),)),
        Key("p", "Pause or play", (use("play", TIME_BAR, label="Play", footer=True),)),
        Key("minus", "Slower", (use("speed(-1)", TIME_BAR),)),
        Key("plus", "Faster", (use("speed(1)", TIME_BAR),)),
    ),
)

_PROMPTS: Final = Section(
    "Prompts",
    (
        Key("escape", "Cancel", (use("cancel", PROMPT, LOG_PROMPT, footer=True),)),
        Key("up", "Earlier line", (use("history(-1)", PROMPT, LOG_PROMPT, footer=True),)),
        Key("down", "Later line", (use("history(1)", PROMPT, LOG_PROMPT),)),
        Key("tab", "Complete", (use("accept", PROMPT, LOG_PROMPT, footer=True, priority=True),)),
        Key("ctrl+u", "Clear", (use("clear", PROMPT, LOG_PROMPT, priority=True),)),
    ),
)

_PICKERS: Final = Section(
    "Pickers",
    (
        Key("j,down", "Down", (use("move(1)", PICKER),)),
        Key("k,up", "Up", (use("move(-1)", PICKER),)),
        Key("g,home", "Top", (use("move(-100000)", PICKER),)),
        Key("G,end", "Bottom", (use("move(100000)", PICKER),)),
        Key("pagedown,ctrl+f", "Page down", (use("move(8)", PICKER),)),
        Key("pageup,ctrl+b,b", "Page up", (use("move(-8)", PICKER),)),
        Key("enter", "Choose", (use("pick", PICKER, footer=True),)),
        Key("space", "Switch on or off", (use("switch", PICKER, footer=True),)),
        Key("ctrl+d,delete", "Remove", (use("remove", PICKER, footer=True),)),
        Key("escape", "Close", (use("close", PICKER, footer=True),)),
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
        Key("escape", "Cancel", (use("leave", DIALOG),)),
        Key("ctrl+s", "To the action button", (use("to_button", DIALOG),)),
        Key("enter", "Press, or continue", (use("press", BUTTON), use("next", CHOICE))),
        Key("left", "Choice to the left", (use("app.focus_previous", BUTTON), use("choose(-1)", CHOICE))),
        Key("right", "Choice to the right", (use("app.focus_next", BUTTON), use("choose(1)", CHOICE))),
        Key("space", "Next choice", (use("choose(1)", CHOICE),)),
        Key("down", "Next suggestion", (use("offer(1)", SUGGESTIONS),)),
        Key("up", "Previous suggestion", (use("offer(-1)", SUGGESTIONS),)),
        Key(
            "pagedown",
            "Page down",
            (use("scroll(1)", OPERATION, BULK, DEPLOY), use("screen.scroll(1)", OPTIONS)),
        ),
        Key(
            "pageup",
            "Page up",
            (use("scroll(-1)", OPERATION, BULK, DEPLOY), use("screen.scroll(-1)", OPTIONS)),
        ),
        Key("ctrl+u", "Clear", (use("clear", SECRET),)),
        Key(
            "ctrl+c,ctrl+x,super+c", "A secret is never copied", (use("refuse_copy", SECRET, priority=True),)
        ),
        Key("ctrl+r", "Reload", (use("read_again", OPERATION, BULK, DEPLOY), use("look", UNRESOLVED))),
        Key(
            "c",
            "Copy the command",
            (
                use("copy_command", OPERATION, DEPLOY),
                use("copy_command", BULK, label="Copy the commands"),
                use("copy", DEPLOYING, label="Copy the result"),
            ),
        ),
        Key(
            "f8",
            "Save a picture",
            (use("picture", OPERATION, BULK, DEPLOY), use("app.picture", UNRESOLVED, DEPLOYING)),
        ),
        Key("p", "Pause or play", (use("go_on", BULK, label="Continue"),)),
        Key("q", "Back", (use("leave", UNRESOLVED, DEPLOYING),)),
        Key("a", "Acknowledge", (use("set_aside", UNRESOLVED, label="Set aside"),)),
    ),
)

ACTS: Final = _ACTS.keys
"""Keys that begin an operation or lead to one."""
SECTIONS: Final = (_OPENS, _MOVES, _ACTS, _LISTS, _LOGS, _TIME_BAR, _PROMPTS, _PICKERS, _HELP, _DIALOGS)
"""Headings, with their keys."""
KEYS: Final = tuple(key for section in SECTIONS for key in section.keys)
"""All of them."""
