"""Measures what the program costs, beside an empty app and what people use.

    python -m tests.bench [--quick] [--json] [--runs N] [--minutes M] [CASE ...]

Compare within one run and read ratios: milliseconds are this machine's, and of this moment.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import textual

from tests.bench import (
    growth,
    huge,
    keys,
    logcase,
    output,
    polling,
    recording,
    requests,
    soak,
    standing,
    start,
    tree,
)
from tests.bench.figures import Figure, table
from tests.bench.suite import Suite, said

CASES: Final[Mapping[str, Callable[[Suite], Iterator[Figure]]]] = {
    module.CASE: module.run
    for module in (
        start,
        standing,
        huge,
        polling,
        keys,
        tree,
        requests,
        output,
        growth,
        recording,
        logcase,
        soak,
    )
}


def main(argv: Sequence[str]) -> int:
    """Run the cases asked for, or all; the exit status is 1 if a budget is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and runs: a few minutes in all")
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    parser.add_argument("--runs", type=int, default=0, metavar="N", help="how often (default: 5, quick: 2)")
    parser.add_argument("--minutes", type=float, default=2.0, metavar="M", help="length of the soak")
    options = parser.parse_args(argv)
    if unknown := set(options.cases) - CASES.keys():
        parser.error(f"unknown case {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as scratch:
        runs = options.runs or (2 if options.quick else 5)
        suite = Suite(Path(scratch), runs, options.quick, options.minutes)
        return _measure(suite, options.cases or list(CASES), as_json=options.json)


def _measure(suite: Suite, names: Sequence[str], *, as_json: bool) -> int:
    everything: list[Figure] = []
    for name in names:
        with said(name):
            figures = list(CASES[name](suite))
        everything += figures
        if not as_json:
            print(f"\n== {name}\n{table(figures)}\n", flush=True)
    missed = [figure for figure in everything if figure.is_met is False]
    if as_json:
        machine = {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "textual": textual.__version__,
        }
        found = {"figures": [figure.as_json() for figure in everything]}
        print(json.dumps({**machine, "runs": suite.runs, "absent": suite.absent, **found}, indent=1))
    elif suite.absent:
        print(f"not installed here, so not measured: {', '.join(suite.absent)}")
    print(f"{len(missed)} budgets missed", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
