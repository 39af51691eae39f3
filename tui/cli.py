"""The command line: reads arguments, builds the settings, hands them to screen, demo, simulator or doctor."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from tui import __version__, process
from tui.config import REFRESH_RANGE, ConfigError, Flags, Settings, load, load_for, state_dir
from tui.config.table import nearest
from tui.project import Project
from tui.secret import Secret

USAGE_ERROR: Final = 2
"""Exit status for unusable arguments, configuration or terminal; nothing was done."""
INTERRUPTED: Final = 130
_NARROW: Final = 59
"""Columns of the narrowest supported terminal, less one."""

_SECRET_WORDS: Final = ("secret", "api-key", "apikey", "token", "password", "passphrase")
_NO_SECRETS: Final = (
    "no keys or secrets as arguments, others can read those: export LIVEKIT_API_KEY and LIVEKIT_API_SECRET, "
    "or use config.toml"
)
_NO_PROJECT: Final = (
    "no project is known: export LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or run "
    "`lk project add`; `lktop demo` shows a simulated one"
)
_COMMANDS_HELP: Final = """\
commands, as the first argument:
  lktop demo      the program with a simulated fleet; needs no account
  lktop replay    show what was recorded; needs no network and no credentials
  lktop record    record projects without a screen
  lktop sim       the simulator alone, for other clients
  lktop doctor    check terminal, configuration and project

Keys and secrets come from LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, from
~/.config/lktop/config.toml, or from `lk`'s own project list; never from arguments.
"""


class UsageError(Exception):
    """Invalid arguments, in one line."""


class SafeArgumentParser(argparse.ArgumentParser):
    """A parser that never prints an unknown argument, since that may be a secret."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(
            prog=prog, description=description, epilog=epilog, formatter_class=form, allow_abbrev=False
        )

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of printing the usage and exiting."""
        raise UsageError(message)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments; raises UsageError, also for extra ones."""
        found, rest = self.parse_known_args(words)
        if not rest:
            return found
        flags = [word.partition("=")[0] if word.startswith("--") else word[:2] for word in rest]
        unknown = next((flag for flag in flags if flag.startswith("-")), "")
        if not unknown:
            raise UsageError("too many arguments: one working directory at most")
        known = [option for action in self._actions for option in action.option_strings]
        hint = nearest(unknown, known) or f"; `{self.prog} --help` lists them all"
        raise UsageError(f"unknown option {unknown}{hint}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run lktop; returns the exit status. After an error of its own, told without values, that is 70."""
    notices = [*process.harden(), *process.import_notices()]
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        _refuse_secrets(words)
        command = COMMANDS.get(words[0]) if words else None
        return command(words[1:], notices) if command else _watch(words, notices)
    except (UsageError, ConfigError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # told as the hook would, but with a status of its own
        process.print_error(error)
        return process.CRASHED


def _refuse_secrets(words: Sequence[str]) -> None:
    """Refuse every spelling of an option for a secret, before its value could be printed."""
    for word in words:
        name = word.partition("=")[0].lower().replace("_", "-")
        if word.startswith("-") and any(secret in name for secret in _SECRET_WORDS):
            raise UsageError(_NO_SECRETS)


def _fail(line: str) -> int:
    print(f"lktop: {' '.join(process.printable(line).split())}", file=sys.stderr)
    return USAGE_ERROR


def _watch(words: Sequence[str], notices: Sequence[str]) -> int:
    """Show the screen for a real project."""
    parser = SafeArgumentParser("lktop", "Watch and run a fleet of LiveKit agents.", _COMMANDS_HELP)
    parser.add_argument("--version", action="version", version=f"lktop {__version__}")
    _add_project_flags(parser)
    _add_look_flags(parser)
    found = parser.read(words)
    directory = found.working_dir
    if directory in COMMANDS and not os.path.isdir(directory):
        raise UsageError(f"{directory} is a command: write it first, as in `lktop {directory} …`")
    if directory and not os.path.exists(directory) and (hint := nearest(directory, COMMANDS)):
        raise UsageError(f"{directory}: no such command or directory{hint}")
    settings = load(_flags(found), os.environ)
    if refusal := _refusal(settings):
        return _fail(refusal)
    if not settings.projects:
        for notice in settings.notices:
            _fail(notice)
        return _fail(_NO_PROJECT)
    return _show(settings, notices)


def _demo(words: Sequence[str], notices: Sequence[str]) -> int:
    """Show the screen for a simulated project."""
    from tui import demo

    parser = SafeArgumentParser(
        "lktop demo", "lktop with a simulated fleet on this machine; touches no account."
    )
    parser.add_argument("--scenario", metavar="NAME|FILE", help="what happens (default: incident)")
    parser.add_argument("--seed", type=int, metavar="N", help="another fleet of the same kind")
    parser.add_argument("--speed", type=float, metavar="X", help="how fast its clock runs; 0 stops it")
    parser.add_argument("--agents", type=int, metavar="N", help="how many, where the scenario can be sized")
    _add_look_flags(parser)
    found = parser.read(words)
    if refusal := _refusal(load_for(_demo_project("http://127.0.0.1"), _flags(found), os.environ)):
        return _fail(refusal)
    try:
        options, kept = _simulator_options(found), state_dir(os.environ).path / "demo"
        with demo.simulator(options) as url, ExitStack() as scratch:
            settings = load_for(_demo_project(url), _flags(found), os.environ)
            try:
                settings = replace(settings, history_dir=scratch.enter_context(demo.scratch(kept)))
            except OSError as error:
                why = f"{kept}: {(error.strerror or str(error)).lower()}; this demo keeps no history"
                settings = replace(settings, record=None, notices=(*settings.notices, why))
            return _show(settings, notices)
    except demo.DemoError as error:
        return _fail(str(error))


def _demo_project(url: str) -> Project:
    from tui.demo import API_KEY, API_SECRET

    return Project(
        name="demo",
        url=url,
        api_key=API_KEY,
        api_secret=Secret(API_SECRET),
        agents_url=url,
        source="simulator started by lktop demo",
        requests_per_minute=240,  # no shared quota: poll often, so that changes show soon
    )


def _simulator_options(found: argparse.Namespace) -> list[str]:
    options: list[str] = []
    for name in ("scenario", "seed", "speed", "agents"):
        value = getattr(found, name)
        if value is not None:
            # a scenario file is relative to this directory, and the simulator runs in another
            text = os.path.abspath(value) if name == "scenario" and os.path.isfile(value) else str(value)
            options.append(f"--{name}={text}")
    return options


def _sim(words: Sequence[str], notices: Sequence[str]) -> int:
    """Run the simulator in this process."""
    from tui import demo

    if not demo.is_installed():
        return _fail(demo.MISSING)
    if os.environ.get("PYTHONPATH") != demo.HOME:  # else the demo has started it, which says them itself
        for notice in notices:
            _fail(notice)
    from tui.sim.http.server import main as simulate

    return simulate(list(words))


def _doctor(words: Sequence[str], notices: Sequence[str]) -> int:
    """Report on terminal, files and project."""
    parser = SafeArgumentParser(
        "lktop doctor", "What lktop finds here, and what is wrong. Sends no token anywhere."
    )
    _add_project_flags(parser)
    _add_look_flags(parser)
    parser.add_argument(
        "--mask-journal",
        action="store_true",
        help="mask tokens and signed addresses that older versions have left in the journal",
    )
    found = parser.read(words)
    from tui import doctor

    return doctor.run(_flags(found), os.environ, notices, mask=found.mask_journal)


def _record(words: Sequence[str], notices: Sequence[str]) -> int:
    """Record projects without a screen."""
    parser = SafeArgumentParser("lktop record", "Record projects without a screen, until SIGTERM or ctrl+c.")
    parser.add_argument("--project", action="append", default=[], metavar="NAME", help="may be given again")
    parser.add_argument("--config", default="", metavar="FILE", help="instead of ~/.config/lktop/config.toml")
    parser.add_argument("--refresh", type=_seconds, metavar="SECONDS", help="between polls (default: 2)")
    parser.add_argument("--verbose", action="store_true", help="say once a minute what is recorded")
    found = parser.read(words)
    names: list[str] = found.project
    settings = load(Flags("".join(names[:1]), config=found.config, refresh=found.refresh), os.environ)
    for notice in (*notices, *settings.notices):
        _fail(notice)
    from tui.record import chosen, record

    folder = state_dir(os.environ).path / "history"
    return record(chosen(settings, names), folder, settings, verbose=found.verbose)


def _replay(words: Sequence[str], notices: Sequence[str]) -> int:
    """Show a recording."""
    parser = SafeArgumentParser("lktop replay", "Go through what was recorded. Needs no credentials.")
    what = "a project's folder, an hour's file or an export (default: the project's, else the newest)"
    parser.add_argument("file", nargs="?", default="", metavar="FILE", help=what)
    parser.add_argument(
        "--at", default="", metavar="TIME", help="such as 14:02 or 5m, before the newest sample"
    )
    parser.add_argument("--project", default="", metavar="NAME", help="of which the recording is shown")
    parser.add_argument("--config", default="", metavar="FILE", help="instead of ~/.config/lktop/config.toml")
    _add_look_flags(parser)
    found = parser.read(words)
    from tui import replay
    from tui.session.watched import NoHistory

    known = None if found.file else load(_flags(found), os.environ).project
    try:
        path = replay.place(found.file, state_dir(os.environ).path / "history", known)
        at = replay.beginning(path, found.at)
    except NoHistory as problem:
        return _fail(str(problem))
    flags = replace(_flags(found), project="")
    settings = load_for(replay.project_of(path, known), flags, os.environ)
    if refusal := _refusal(settings):
        return _fail(refusal)
    return _show(replace(settings, record=None), notices, replaying=(path, at))


COMMANDS: Final[Mapping[str, Callable[[Sequence[str], Sequence[str]], int]]] = {
    "demo": _demo,
    "sim": _sim,
    "record": _record,
    "replay": _replay,
    "doctor": _doctor,
}


def _refusal(settings: Settings) -> str | None:
    from tui.ui.terminal import detect

    return detect.refusal(os.environ, sys.__stdin__, sys.__stderr__, ascii_only=settings.ascii)


def _show(settings: Settings, notices: Sequence[str], replaying: tuple[Path, float] | None = None) -> int:
    """Start the screen; imported late because it takes most of the start-up time.

    `replaying` is a recording that is shown, and the moment to begin at.
    """
    state = state_dir(os.environ)
    lines = (*notices, *settings.notices, *filter(None, [state.notice]))
    settings = replace(settings, state_dir=state.path, notices=tuple(map(process.printable, lines)))
    if settings.low_bandwidth:
        os.environ["TEXTUAL_FPS"] = "10"  # read when Textual is imported
    gc.disable()  # start-up makes no garbage; the screen enables the collector later
    try:
        with _words(settings.project):
            from tui.start import show, show_recording
        return show_recording(settings, *replaying) if replaying else show(settings)
    finally:
        gc.enable()


@contextmanager
def _words(project: Project | None) -> Iterator[None]:
    """Print what is being opened during the imports, which take seconds on a busy jump host."""
    what = f"opening {project.name}, {project.url}" if project else "starting"
    line = f"lktop: {process.printable(what)}"
    print(line[:_NARROW], end="", file=sys.stderr, flush=True)  # a second row would not be erased
    try:
        yield
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _add_project_flags(parser: SafeArgumentParser) -> None:
    parser.add_argument(
        "working_dir", nargs="?", default="", metavar="WORKING-DIR", help="where livekit.toml is (default: .)"
    )
    parser.add_argument("--project", default="", metavar="NAME", help="a project of config.toml or of lk")
    parser.add_argument("--url", default="", help="address of LiveKit; credentials are found as usual")
    parser.add_argument("--config", default="", metavar="FILE", help="instead of ~/.config/lktop/config.toml")


def _add_look_flags(parser: SafeArgumentParser) -> None:
    parser.add_argument("--read-only", action="store_true", help="refuse everything that changes something")
    parser.add_argument("--no-record", action="store_true", help="keep no history on disk")
    switch = argparse.BooleanOptionalAction
    parser.add_argument("--refresh", type=_seconds, metavar="SECONDS", help="between polls (default: 2)")
    parser.add_argument("--theme", default="", metavar="NAME", help="colours to use (default: by terminal)")
    parser.add_argument("--low-bandwidth", action=switch, help="fewer bytes to the terminal")
    parser.add_argument("--mouse", action=switch, help="use the mouse (default: not over SSH)")
    parser.add_argument("--ascii", action=switch, help="draw with ASCII alone")


def _seconds(text: str) -> float:
    """An argument type: raises argparse's own error."""
    low, high = REFRESH_RANGE
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be seconds from {low:g} to {high:g}")
    return value


def _flags(found: argparse.Namespace) -> Flags:
    """The arguments as the configuration takes them; a command has only some of the options."""
    known = vars(Flags())
    return Flags(**{name: value for name, value in vars(found).items() if name in known})
