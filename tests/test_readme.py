"""The README says what the program does."""

from __future__ import annotations

from tests.keys import README, groups, readme


def test_the_keys_are_todays() -> None:
    assert readme() == README.read_text(encoding="utf-8"), "run `python -m tests.keys`"


def test_no_key_does_two_things_in_one_place() -> None:
    for name, entries in groups():
        keys = [key for words, _ in entries for key in words.split()]
        assert len(keys) == len(set(keys)), (name, sorted(key for key in keys if keys.count(key) > 1))
