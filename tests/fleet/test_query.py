"""The filter grammar, case by case."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.fleet.lists.query import BadQuery, Query, Subject, Value, complete, parse

FIELDS = ("name", "status", "region", "age", "cpu", "replicas", "gone")
NAMES = ("status", "region", "age", "cpu", "replicas")
TABLE: dict[str, tuple[Value, ...]] = {
    "inbound": ("CrashLoop error", "us-east", 240.0, 0.95, 0.0),
    "outbound": ("Server Error error", "us-east,eu-central", 7200.0, 0.2, 2),
    "billing": ("Running healthy", "eu-central", 259_200.0, None, 1.0),
    "Straße [x]": ("Sleeping sleep", "", None, 0.0, 0.0),
}
ROWS = {name: dict(zip(NAMES, values, strict=True)) for name, values in TABLE.items()}


def subject(name: str) -> Subject:
    """A row."""
    values: dict[str, Value] = {"name": name, **ROWS[name]}
    return Subject(f"{name} {values['status']} {values['region']}", values.get)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("st", "status:"),
        ("!na", "!name:"),
        ("region:eu st", "region:eu status:"),
        ("", ""),
        ("!", ""),
        ("zz", ""),
        ("status:", ""),
        ("crash ", ""),
    ],
)
def test_field_names_are_completed(text: str, line: str) -> None:
    assert complete(text, FIELDS) == line


def found(text: str) -> list[str]:
    """The rows that pass, by their first letters."""
    query = parse(text, FIELDS)
    return [name for name in ROWS if query.matches(subject(name))]


IN, OUT, BILL, STR = ROWS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", [IN, OUT, BILL, STR]),
        ("   ", [IN, OUT, BILL, STR]),
        # text: any case, over all that is shown
        ("bound", [IN, OUT]),
        ("BOUND", [IN, OUT]),
        ("crash", [IN]),
        ("straße", [STR]),
        ("none", []),
        # a regular expression
        ("^in", [IN]),
        ("(in|out)bound", [IN, OUT]),
        (r"\[x\]", [STR]),
        ("b.l+i", [BILL]),
        ("^Stra(ss|ß)e", [STR]),
        # space is and
        ("bound us-east crash", [IN]),
        ("bound  eu", [OUT]),
        # not
        ("!bound", [BILL, STR]),
        ("!bound !sleep", [BILL]),
        ("!^in", [OUT, BILL, STR]),
        ("!x", [IN, OUT, BILL]),
        ("!", []),
        # quotes keep spaces
        ('"Server Error"', [OUT]),
        ('!"Server Error"', [IN, BILL, STR]),
        ('"Error Server"', []),
        ('"Server', [OUT]),  # still being typed
        ('status:"Server Error"', [OUT]),
        ("it's", []),
        # fields
        ("status:error", [IN, OUT]),
        ("status:Crash", [IN]),
        ("status=running", [BILL]),
        ("status!=error", [BILL, STR]),
        ("!status:error", [BILL, STR]),
        ("region:east", [IN, OUT]),
        ("region:^eu", [BILL]),
        ("region:", [IN, OUT, BILL, STR]),
        ("name:in name:out", []),
        ("name:i", [IN, BILL]),
        # numbers, times and shares
        ("age>5m", [OUT, BILL]),
        ("age<5m", [IN]),
        ("age>1.5h", [OUT, BILL]),
        ("age>=2h", [OUT, BILL]),
        ("age<=2h", [IN, OUT]),
        ("age<2h", [IN]),
        ("age>2d", [BILL]),
        ("age>=3d", [BILL]),
        ("age=4m", [IN]),
        ("age!=4m", [OUT, BILL, STR]),
        ("cpu>80%", [IN]),
        ("cpu<50%", [OUT, STR]),
        ("cpu:20%", [OUT]),
        ("replicas>0", [OUT, BILL]),
        ("replicas=2", [OUT]),
        ("replicas:0", [IN, STR]),
        ("replicas:many", []),
        ("!age>5m", [IN, STR]),
        ("gone:x", []),
        ("gone!=x", [IN, OUT, BILL, STR]),
        ("gone>1", []),
        ("name>1", []),
        # fuzzy
        ("-f ibd", [IN]),
        ("-f bnd eu", [IN, OUT]),
        ("-f [x]", [STR]),
        ("crash -f nb", [IN]),
        ("-f", [IN, OUT, BILL, STR]),
        # what only looks like a field
        ("12:30", []),
        ("http://x", []),
        ("foo:bar", []),
        ("!foo=bar", [IN, OUT, BILL, STR]),
        ("Status:error", []),
    ],
)
def test_grammar(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "not a regular expression"),
        ("(", "not a regular expression"),
        ("*a", "not a regular expression"),
        ("a{99999999999}", "not a regular expression"),
        ("![", "not a regular expression"),
        ("status:[", "not a regular expression"),
        ("age>", "age> needs a number"),
        ("age>soon", "age> needs a number, such as age>10 or age>5m"),
        ("age>-5", "age> needs a number"),
        ("cpu<=x%", "cpu<= needs a number"),
        ("size>5", "no field 'size'; there are age, cpu"),
        ("agent=x", "no field 'agent'"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(BadQuery, match=why.replace("[", r"\[")):
        parse(text, FIELDS)


def test_a_query_knows_its_text_and_whether_it_asks_anything() -> None:
    query = parse("  crash status:error ", FIELDS)
    assert query.source == "crash status:error" and query
    assert not parse(" ", FIELDS) and not Query()


def test_typing_an_expression_prints_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    """Python warns of possible set differences, on the screen that we draw."""
    parse("[[a]", FIELDS)
    parse("[a||b]", FIELDS)
    parse("status:[a&&b]", FIELDS)
    assert not recwarn.list


@given(st.text("abc!:=<>[](){}*+?.\\^$|\"' -f123%m\n\ud800", max_size=20) | st.text(max_size=12))
def test_every_text_is_a_query_or_says_why(text: str) -> None:
    try:
        query = parse(text, FIELDS)
    except BadQuery as error:
        assert str(error)
        return
    for name in ROWS:
        assert query.matches(subject(name)) in (True, False)


def test_a_plain_word_needs_no_expression() -> None:
    """Ten thousand rows pass a word in the time of a keystroke: a substring test, not an expression."""
    rows = [Subject(f"agent-{number} Running us-east", lambda field: None) for number in range(10_000)]
    query = parse("4242", FIELDS)
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "c_call" and getattr(argument, "__name__", "") == "search"

    sys.setprofile(count)
    try:
        passed = [row for row in rows if query.matches(row)]
    finally:
        sys.setprofile(None)
    assert len(passed) == 1 and calls == 0
