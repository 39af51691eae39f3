"""How a status is written in a cell: a glyph and a tone that tell the families apart."""

from __future__ import annotations

from rich.cells import cell_len

from tui.fleet.lists.cells import FAMILY_TONES, GLYPHS, UNKNOWN_GLYPH, status_glyph, status_tone, tail
from tui.fleet.status import STATUSES, Family, status


def test_ids_are_told_apart_by_their_ends() -> None:
    assert tail("AJ_abcdefghij") == "…efghij"
    assert tail("AJ_abcd") == "AJ_abcd"


def test_every_status_has_a_sign_of_its_own_meaning() -> None:
    """The fourteen of the specification; those that are on their way share one."""
    assert len(STATUSES) == 14
    signs = {state.name: status_glyph(state) for state in STATUSES}
    alone = [sign for state, sign in signs.items() if status(state).family is not Family.MOVING]
    assert len(set(alone)) == len(alone)
    moving = {sign for state, sign in signs.items() if status(state).family is Family.MOVING}
    assert moving.isdisjoint(alone)


def test_the_families_are_told_apart_without_colour() -> None:
    """Errors, sleep and transition: three different signs, in Unicode and in ASCII."""
    for ascii_only in (False, True):
        looks = {
            family: {
                status_glyph(state, ascii_only=ascii_only) for state in STATUSES if state.family is family
            }
            for family in (Family.ERROR, Family.SLEEP, Family.MOVING, Family.HEALTHY)
        }
        for family, signs in looks.items():
            for other, others in looks.items():
                assert family is other or signs.isdisjoint(others), (family, other)


def test_a_status_that_nobody_has_heard_of_has_a_look() -> None:
    state = status("Hibernating (beta)")
    assert (status_glyph(state), status_tone(state)) == ("?", "warn")
    assert status_glyph(state, ascii_only=True) == "?"


def test_every_family_has_a_tone_and_every_glyph_one_cell() -> None:
    assert set(FAMILY_TONES) == set(Family)
    for sign, plain in (*GLYPHS.values(), UNKNOWN_GLYPH):
        assert cell_len(sign) == len(sign) == 1
        assert plain.isascii()
        assert len(plain) == 1
