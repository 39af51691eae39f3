"""The grammar of `.env`: what godotenv 1.5.1 makes of each line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.packaging.dotenv import parse
from tui.packaging.errors import SecretsError

CASES: list[tuple[str, dict[str, str]]] = [
    ("", {}),
    ("\n \n\t\n", {}),
    ("# only a note", {}),
    ("A=1", {"A": "1"}),
    ("A=1\nB=2\n", {"A": "1", "B": "2"}),
    ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ("A=1\rB=2", {"A": "1", "B": "2"}),
    ("  A = 1  ", {"A": "1"}),
    ("A: 1", {"A": "1"}),
    ("A=b:c=d", {"A": "b:c=d"}),
    ("a.b_C9=x", {"a.b_C9": "x"}),
    ("A B=x", {"A B": "x"}),
    ("export A=1", {"A": "1"}),
    ("export\tA=1", {"A": "1"}),
    ("exported=1", {"exported": "1"}),
    ("export=1", {"export": "1"}),
    ("A=", {"A": ""}),
    ("A=\nB=2", {"A": "", "B": "2"}),
    ("A=   \nB=2", {"A": "", "B": "2"}),
    ("A=''", {"A": ""}),
    ("A=1\nA=2", {"A": "2"}),
    ("A=two words", {"A": "two words"}),
    ("A=été ☕", {"A": "été ☕"}),
    # no separator at all
    ("FOO", {"": "FOO"}),
    ("A=1\nFOO", {"A": "1", "": "FOO"}),
    # notes
    ("# x\n  # y\nA=1", {"A": "1"}),
    ("A=x # y", {"A": "x"}),
    ("A=x # y # z", {"A": "x # y"}),
    ("A=x#y", {"A": "x#y"}),
    ("A=#x", {"A": "#x"}),
    ("A= # note", {"A": "# note"}),
    ("A=x\t#y", {"A": "x"}),
    ("A='x # y'", {"A": "x # y"}),
    ("A='x' # y\nB=2", {"A": "x", "B": "2"}),
    # quotes
    ("A='x\ny'", {"A": "x\ny"}),
    ('A="x\ny"', {"A": "x\ny"}),
    ('A="x\r\ny"', {"A": "x\ny"}),
    ("A='x' B=y", {"A": "x", "B": "y"}),
    ("A='x\\'y'", {"A": "x\\'y"}),
    ('A="x\\"y"', {"A": 'x"y'}),
    ('A="it\'s"', {"A": "it's"}),
    ("A='say \"hi\"'", {"A": 'say "hi"'}),
    ("A='\\n$X'", {"A": "\\n$X"}),
    ('A="x\\ny\\rz"', {"A": "x\ny\rz"}),
    ('A="x\\ty"', {"A": "xty"}),
    ('A="x\\\\y"', {"A": "x\\y"}),
    ('A="x\\\\n"', {"A": "x\\n"}),
    ('A="C:\\dir"', {"A": "C:dir"}),
    ('A=x"y"', {"A": 'x"y"'}),
    ("A=C:\\dir\\n", {"A": "C:\\dir\\n"}),
    ('A="x\\""', {"A": "x\\"}),
    # expansion
    ("A=1\nB=$A", {"A": "1", "B": "1"}),
    ("A=1\nB=${A}x", {"A": "1", "B": "1x"}),
    ('A=1\nB="$A"', {"A": "1", "B": "1"}),
    ("A=1\nB='$A'", {"A": "1", "B": "$A"}),
    ("B=$A\nA=1", {"B": "", "A": "1"}),
    ("B=$HOME", {"B": ""}),
    ("A=pa$5word", {"A": "paword"}),
    ("A=pa$$5", {"A": "pa$"}),
    ("A=$", {"A": "$"}),
    ("A=$foo", {"A": "$foo"}),
    ("A=$(cmd)", {"A": "$(cmd)"}),
    ("A=$(CMD)", {"A": ")"}),
    ("A=\\$X", {"A": "$X"}),
    ('A="\\$X"', {"A": "$X"}),
    ("A=1\nB=$A_C", {"A": "1", "B": ""}),
    ("A=1\nB=${A", {"A": "1", "B": "1"}),
    ("A=1\nB=$A}", {"A": "1", "B": "1"}),
    ("A=1\nA=${A}2", {"A": "12"}),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text(text: str, expected: dict[str, str]) -> None:
    assert {one.name: one.value.reveal() for one in parse(text)} == expected


REFUSED = [
    ("A-B=1", "line 1, character 2: a name has only A-Z a-z 0-9 _ ."),
    ("X=1\n A!=1", "line 2, character 3: a name has only A-Z a-z 0-9 _ ."),
    ("é=1", "line 1, character 1: a name has only A-Z a-z 0-9 _ ."),
    ("\ufeffA=1", "line 1, character 1: a name has only A-Z a-z 0-9 _ ."),
    ("'A'=1", "line 1, character 1: a name has only A-Z a-z 0-9 _ ."),
    ("FOO\nB=1", "line 1: there is no = in it"),
    ("A=1\n\nFOO\n", "line 3: there is no = in it"),
    ("A='x", "line 1: a value begins with ' and never ends"),
    ('A=1\nB="x\\"\nC=2', 'line 2: a value begins with " and never ends'),
    ("export ", "line 1: nothing follows 'export'"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_text_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(SecretsError) as refusal:
        parse(text)
    assert str(refusal.value) == message


def test_a_lost_reference_is_warned_of_without_a_part_of_the_value() -> None:
    used, lost, kept = parse("A=hunter\nB=x$HUNTER\nC=$A'$B\n")
    assert not used.warnings and not kept.warnings
    assert [text for text in lost.warnings if "HUNTER" in text] == []
    assert len(lost.warnings) == 1 and "single quotes" in lost.warnings[0]


def test_a_quote_that_is_taken_off_is_warned_of() -> None:
    (one,) = parse('A="x\\""')
    assert len(one.warnings) == 1 and "quote" in one.warnings[0]


@pytest.mark.parametrize(
    ("text", "value", "warned"),
    [
        ("A=x #y", "x", "what follows a # after a space is a comment"),
        ("A=x\t# a note", "x", "what follows a # after a space is a comment"),
        ("A= # a note", "# a note", "begins with #, which is no comment there"),
        ("A=#fff", "#fff", "begins with #, which is no comment there"),
        ("A=x#y", "x#y", ""),
        ("A='x #y' # a note", "x #y", ""),
        ("# a note\nA=x", "x", ""),
    ],
)
def test_a_comment_that_may_be_a_value_is_told(text: str, value: str, warned: str) -> None:
    (found,) = parse(text)
    assert found.value.reveal() == value
    assert [warned in words for words in found.warnings] == ([True] if warned else [])


def test_lines_are_counted_through_values_of_several_lines() -> None:
    assert [one.line for one in parse("A=1\nB='x\ny'\n# z\nC=3")] == [1, 2, 5]


@given(st.text(alphabet=st.sampled_from("AB =:\n\r\t#'\"\\$(){}5.-é\u2028n")))
def test_any_text_is_read_or_refused_without_showing_it(text: str) -> None:
    try:
        found = parse(text)
    except SecretsError as error:
        assert str(error).isascii() and str(error).startswith("line ")
    else:
        assert all(one.value.reveal() == "" or one.value.reveal() not in repr(one.value) for one in found)


@given(st.text(alphabet=st.characters(exclude_characters="'\\\r", exclude_categories=["Cs"])))
def test_single_quotes_keep_every_character(value: str) -> None:
    (one,) = parse(f"A='{value}'\n")
    assert one.value.reveal() == value
