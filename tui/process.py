"""Protects the process's secrets, before anything else runs. A leaf; imports nothing large."""

from __future__ import annotations

import ctypes
import grp
import logging
import os
import pwd
import re
import resource
import stat
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final

# Appearance only. Other TEXTUAL variables log keys, press keys, import code or write files.
_HARMLESS: Final = frozenset(
    {
        "TEXTUAL_ANIMATIONS",
        "TEXTUAL_COLOR_SYSTEM",
        "TEXTUAL_DISABLE_KITTY_KEY",
        "TEXTUAL_FPS",
        "TEXTUAL_SMOOTH_SCROLL",
    }
)
# TLS keys to a file (httpx uses it regardless of `trust_env`), and a Python prompt after the end.
_HOSTILE: Final = frozenset({"SSLKEYLOGFILE", "PYTHONINSPECT"})
_CODE_VARIABLES: Final = ("PYTHONPATH", "PYTHONSTARTUP")
"""Name code that Python runs: the first any time, the second at a prompt."""
_FOR_CHILDREN: Final = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ", "TMPDIR"}
    | {"TMUX", "TMUX_PANE", "TMUX_TMPDIR"}
)
CRASHED: Final = os.EX_SOFTWARE
"""The exit status after an error of the program's own."""
_FRAMES: Final = 8
"""Innermost frames shown of a traceback, so that it fits on one screen."""
_CHARACTERS: Final = 1000
"""Characters shown of one frame or message."""
_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9._-]*")
_PR_SET_DUMPABLE: Final = 4
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def harden(environ: MutableMapping[str, str] = os.environ) -> list[str]:
    """Protect the process; returns notices for the operator. Runs before Textual is imported.

    New files are private, core dumps and tracing are off, variables that record or inject input are removed
    from the environment, and errors are printed without control characters and values of variables.
    """
    os.umask(0o077)
    _forbid_core_dumps()
    _set_hooks()
    dropped = _scrub(environ)
    if not dropped:
        return []
    return [f"Ignored from the environment: {', '.join(dropped)} (they can record or inject what is typed)."]


def import_notices(environ: Mapping[str, str] = os.environ, path: Sequence[str] | None = None) -> list[str]:
    """One line for the operator if others may have their code run in this process, else nothing.

    `path` is where Python looks for modules; None for `sys.path`.
    """
    risks = [f"{name} is set" for name in _CODE_VARIABLES if environ.get(name)]
    if sys.flags.ignore_environment:
        risks.clear()
    folders = [folder or "." for folder in dict.fromkeys(sys.path if path is None else path)]
    risks += [f"others may write in {printable(folder)}" for folder in folders if _open_to_others(folder)]
    return [f"Python may run code of others: {', '.join(risks)}; see Safety in the README."] if risks else []


def _open_to_others(folder: str) -> bool:
    """Whether users besides this one and root may put files there, or another folder in its place."""
    path = Path(os.path.realpath(folder))
    exists = False
    for place in (path, *path.parents):
        try:
            info = place.stat()
        except OSError:  # others may be able to make it: that is up to the folder that would hold it
            continue
        # Where the sticky bit is set, others may make new files, and not replace those of their owner.
        is_kept = exists and bool(info.st_mode & stat.S_ISVTX)
        if _writable_by_others(info) and not is_kept:
            return True
        exists = True
    return False


def _writable_by_others(info: os.stat_result) -> bool:
    by_group = bool(info.st_mode & stat.S_IWGRP) and info.st_gid != 0 and not _is_own_group(info.st_gid)
    return by_group or bool(info.st_mode & stat.S_IWOTH) or info.st_uid not in (0, os.geteuid())


def _is_own_group(number: int) -> bool:
    """Whether nobody else is in a group, as in the one that most systems make for each user."""
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return False
    return group.gr_name == user and not {*group.gr_mem} - {user}


def child_env(extra: Mapping[str, str] = _NOTHING, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a child process: paths and locale, nothing that may be secret."""
    kept = {name: value for name, value in environ.items() if name in _FOR_CHILDREN or name.startswith("LC_")}
    return kept | dict(extra)


def printable(text: str) -> str:
    """The text with control characters escaped as in Python; line feeds stay."""
    return "".join(
        c
        if c == "\n" or c.isprintable()
        else "    "
        if c == "\t"
        else c.encode("unicode_escape", "replace").decode()
        for c in text
    )


def traceback_text(error: BaseException) -> str:
    """The innermost frames and the message of an error, printable, without tokens and values of variables."""
    entries = traceback.format_exception(type(error), error, error.__traceback__, limit=-_FRAMES)
    entries = [_TOKEN.sub("***", entry) for entry in entries]
    lines = "\n".join(entry.rstrip("\n")[:_CHARACTERS] for entry in entries).split("\n")
    return printable("\n".join(line for line in lines if line.strip(" ~^"))) + "\n"


def _scrub(environ: MutableMapping[str, str]) -> list[str]:
    hostile = [name for name in environ if name.startswith("TEXTUAL") and name not in _HARMLESS]
    hostile += [name for name in environ if name in _HOSTILE]
    for name in hostile:
        del environ[name]
    return sorted(printable(name) for name in hostile)


def _forbid_core_dumps() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Also keeps other processes of the same user from tracing this one and from reading its environment.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _set_hooks() -> None:
    sys.excepthook = _print_error
    threading.excepthook = _print_thread_error
    sys.unraisablehook = _log_unraisable
    # Nothing may be written over the screen: without a handler logging would use standard error.
    logging.raiseExceptions = False
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)
    for name in ("httpx", "httpcore"):  # at DEBUG they write cookies, at INFO every address
        logging.getLogger(name).setLevel(logging.WARNING)


def print_error(error: BaseException) -> None:
    """Show what has ended the program, printable and without the values of variables."""
    print(f"{traceback_text(error)}lktop: stopped by an error of its own, shown above", file=sys.stderr)


def _print_error(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        print_error(error)


def _print_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        print(traceback_text(args.exc_value), end="", file=sys.stderr)


def _log_unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        logging.getLogger("lktop").error("%s", traceback_text(args.exc_value))
