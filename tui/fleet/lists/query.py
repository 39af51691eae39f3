"""The filter grammar, the same in every list. Pure.

`text` regular expression over all columns · `!text` not · `-f text` fuzzy · `field:value` `field!=value`
`field>n` `field<n` · a space is AND · `"quoted text"` keeps its spaces.
"""

from __future__ import annotations

import re
import shlex
import warnings
from collections.abc import Callable, Collection, Iterable

from msgspec import Struct

Value = str | float | None


class BadQuery(ValueError):
    """An invalid filter; its text says why."""


class Subject(Struct, frozen=True):
    """What a filter looks at in one row."""

    text: str
    """Everything shown of the row."""
    field: Callable[[str], Value]
    """A field's value by its name; None if the row has none."""


Test = Callable[[Subject], bool]


class Query(Struct, frozen=True):
    """A parsed filter."""

    source: str = ""
    """As it was typed."""
    tests: tuple[Test, ...] = ()
    """A row passes all of them."""
    fields: frozenset[str] = frozenset()
    """The fields that it looks at."""

    def __bool__(self) -> bool:
        return bool(self.tests)

    def matches(self, subject: Subject) -> bool:
        """Whether a row passes."""
        return all(test(subject) for test in self.tests)


_TERM = re.compile(r"^(?P<not>!?)(?P<field>[a-z_]+)(?P<op>!=|>=|<=|:|=|>|<)(?P<value>.*)$", re.S)
_NUMBER = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<unit>[smhd%]?)$")
_UNIT = {"": 1.0, "%": 0.01, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def parse(text: str, fields: Collection[str]) -> Query:
    """A filter from what was typed; `fields` are the names that it may use.

    Raises `BadQuery` for an invalid regular expression, an unknown field or an unfinished comparison.
    """
    tests: list[Test] = []
    used: set[str] = set()
    fuzzy = False
    for word in _words(text):
        if word == "-f":
            fuzzy = True
        elif fuzzy:
            tests.append(_fuzzy(word))
        else:
            tests.append(_term(word, fields))
            if (match := _TERM.match(word)) and match["field"] in fields:
                used.add(match["field"])
    return Query(text.strip(), tuple(tests), frozenset(used))


def complete(text: str, fields: Iterable[str]) -> str:
    """The text with the field name at its end completed; empty if no field begins like that."""
    head, space, last = text.rpartition(" ")
    sign = "!" if last.startswith("!") else ""
    prefix = last.removeprefix("!")
    full = next((name for name in fields if prefix and name.startswith(prefix)), "")
    return f"{head}{space}{sign}{full}:" if full else ""


def unknown_field(text: str, fields: Iterable[str]) -> str:
    """A word before a colon that is not a field, so that it is searched for as text; empty if none is."""
    known = frozenset(fields)
    matches = (_TERM.match(word) for word in _words(text))
    return next((it["field"] for it in matches if it and it["op"] == ":" and it["field"] not in known), "")


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="")
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    lexer.quotes = '"'
    try:
        return list(lexer)
    except ValueError:  # a quote still open while typing
        return text.replace('"', "").split()


def _term(word: str, fields: Collection[str]) -> Test:
    match = _TERM.match(word)
    if match and match["field"] in fields:
        test = _comparison(match["field"], match["op"], match["value"])
        return _negate(test) if match["not"] else test
    if match and match["op"] != ":" and not match["not"]:
        raise BadQuery(f"no field {match['field']!r}; there are {', '.join(sorted(fields))}")
    negated = word.startswith("!") and len(word) > 1
    test = _pattern(word[1:] if negated else word)
    return _negate(test) if negated else test


def _negate(test: Test) -> Test:
    return lambda subject: not test(subject)


def _expression(text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            # a half-typed `[[a` would print its warning over the screen
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadQuery(f"not a regular expression: {error}") from None


_SPECIAL = frozenset(r".^$*+?{}[]\|()")


def _pattern(text: str) -> Test:
    if not _SPECIAL.intersection(text) and text.isascii():
        # a plain word needs no regular expression: a substring test takes a tenth of the time
        needle = text.casefold()
        return lambda subject: needle in subject.text.casefold()
    expression = _expression(text)
    return lambda subject: expression.search(subject.text) is not None


def _fuzzy(word: str) -> Test:
    expression = _expression(".*?".join(re.escape(letter) for letter in word))
    return lambda subject: expression.search(subject.text) is not None


def _comparison(field: str, op: str, value: str) -> Test:
    if op in (":", "=", "!="):
        number = _NUMBER.match(value)
        needle = value.casefold()
        expression = _expression(value) if _SPECIAL.intersection(value) else None

        def equal(subject: Subject) -> bool:
            found = subject.field(field)
            if isinstance(found, int | float):
                return number is not None and found == float(number["number"]) * _UNIT[number["unit"]]
            folded = (found or "").casefold()
            return expression.search(folded) is not None if expression else needle in folded

        return _negate(equal) if op == "!=" else equal
    number = _NUMBER.match(value)
    if number is None:
        raise BadQuery(f"{field}{op} needs a number, such as {field}{op}10 or {field}{op}5m")
    limit = float(number["number"]) * _UNIT[number["unit"]]
    tests: dict[str, Callable[[float], bool]] = {
        ">": lambda found: found > limit,
        "<": lambda found: found < limit,
        ">=": lambda found: found >= limit,
        "<=": lambda found: found <= limit,
    }
    compare = tests[op]

    def ordered(subject: Subject) -> bool:
        found = subject.field(field)
        return isinstance(found, int | float) and compare(found)

    return ordered
