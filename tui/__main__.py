"""`python -m tui` and the command `lktop`: the program, without modules of the working directory."""

import os
import sys


def main() -> int:
    """Run lktop; returns the exit status."""
    _leave_working_directory()
    from tui.cli import main

    return main()


def _leave_working_directory() -> None:
    """Take it off the path of modules where an empty or relative part of `PYTHONPATH` has put it.

    Whoever can write there could replace any module. `PYTHONPATH=$PYTHONPATH:/opt/lib` has such a part by
    accident, where the variable was not set before.
    """
    value = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    relative = [part for part in value.split(os.pathsep) if not os.path.isabs(part)] if value else []
    try:
        here = os.getcwd()
    except OSError:  # it was removed: there is nothing to load
        return
    if any(os.path.abspath(part) == here for part in relative):
        sys.path[:] = [place for place in sys.path if os.path.abspath(place) != here]


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working directory, which Python puts first
    raise SystemExit(main())
