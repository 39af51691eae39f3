"""The ignore dialect: a table of its rules and traps, and a naive second reading of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.packaging.errors import PatternError
from tui.packaging.ignore import DirectoryMatches, Patterns

CASES = [
    # a pattern is anchored at the root
    (["*.log"], "b.log", True),
    (["*.log"], "a/b.log", False),
    (["__pycache__/"], "__pycache__", True),
    (["__pycache__/"], "__pycache__/a.pyc", True),
    (["__pycache__/"], "src/__pycache__", False),
    (["a/b"], "a/b", True),
    (["a/b"], "x/a/b", False),
    # … and matches what is below what it matches
    (["a"], "a/b/c", True),
    (["a"], "ab", False),
    (["a/*"], "a", False),
    (["a/*"], "a/b/c", True),
    # lines are trimmed and cleaned like paths
    (["  build/  \r"], "build/x", True),
    (["./x"], "x", True),
    (["a//b/../c"], "a/c", True),
    (["", "   ", "\t"], "x", False),
    # git would anchor this; here it never matches
    (["/dist"], "dist", False),
    (["/dist"], "dist/x", False),
    (["!/dist", "dist"], "dist", True),
    # stars and question marks stop at a slash, two stars do not
    (["a*c"], "abc", True),
    (["a*c"], "a/c", False),
    (["a?c"], "abc", True),
    (["a?c"], "a/c", False),
    (["a?c"], "ac", False),
    (["a**c"], "a/b/c", True),
    (["a**c"], "ab/c", True),
    (["a**c"], "abc", False),
    (["a/**"], "a", False),
    (["a/**"], "a/b/c", True),
    (["a**"], "ab", True),
    (["a/**/b"], "a/b", True),
    (["a/**/b"], "a/x/y/b", True),
    (["**/a"], "a", True),
    (["**/a"], "x/y/a", True),
    (["**/a"], "x/ya", False),
    (["**a"], "x/ya", True),
    (["**"], "anything/at/all", True),
    (["**/*.py[co]"], "x/y.pyc", True),
    (["**/*.py[co]"], "x/y.py", False),
    (["**/.env.*"], "x/.env.local", True),
    (["**/.env.*"], ".env", False),
    # sets
    (["[ab]"], "a", True),
    (["[ab]"], "c", False),
    (["[a-c]x"], "bx", True),
    (["[^a]x"], "bx", True),
    (["[^a]x"], "ax", False),
    (["a[^x]b"], "a/b", True),
    (["[!a]"], "!", True),
    (["[!a]"], "b", False),
    (["[[]"], "[", True),
    (["[&~|]"], "~", True),
    (["[[:digit:]]x"], "7x", True),
    (["[*]"], "*", False),
    (["foo[*].txt"], "foo*.txt", False),
    # what an expression would take for an operator
    (["a.b"], "axb", False),
    (["a+b*"], "a+bc", True),
    (["a+b*"], "aab", False),
    (["a(b)*"], "a(b)c", True),
    (["$x*"], "$xy", True),
    (["*.{js,ts}"], "a.{js,ts}", True),
    (["*.{js,ts}"], "a.js", False),
    (["a|b"], "a|b", True),
    (["a|b"], "a", False),
    (["a|b*"], "axx", True),
    (["x{2}*"], "xxy", True),
    # escapes
    (["\\*"], "*", True),
    (["\\*"], "a", False),
    (["\\#x"], "#x", True),
    (["a\\ b"], "a b", True),
    (["\\!x"], "!x", True),
    # a comment is a pattern
    (["# build"], "build", False),
    (["# build"], "# build", True),
    # the last match wins
    (["*.md", "!a.md"], "a.md", False),
    (["*.md", "!a.md"], "b.md", True),
    (["!a.md", "*.md"], "a.md", True),
    (["*.md", "!a.md", "a.*"], "a.md", True),
    (["keep", "!keep/x"], "keep/x", False),
    (["keep", "!keep/x"], "keep/y", True),
    (["keep/**", "!keep/x"], "keep/x/y", False),
    (["**/.env", "!.env"], ".env", False),
    (["**/.env", "!.env"], "a/.env", True),
    (["! x", "x"], "x", True),
    # the root itself
    (["*"], ".", True),
    ([".*"], ".", True),
    (["x"], ".", False),
    # names are not always letters
    (["é*"], "éa", True),
    (["a?"], "aé", True),
    (["a*"], "a\nb", True),
    (["*a"], "a\n", False),
]


@pytest.mark.parametrize(("lines", "path", "ignored"), CASES)
def test_a_path_against_a_list(lines: list[str], path: str, ignored: bool) -> None:
    assert Patterns(lines).ignores_deep(path) is ignored


@pytest.mark.parametrize(
    "line",
    [
        "a[",
        "# see [1",
        "[",
        "[]",
        "[]a]",
        "[^]",
        "[a-]",
        "[-a]",
        "[a--]",
        "[a-b-c]",
        "a\\",
        "[a\\",
        "!",
        "!/",
        "a*[",
    ],
)
def test_a_line_with_a_syntax_error_is_refused_by_name(line: str) -> None:
    with pytest.raises(PatternError) as refusal:
        Patterns(["ok", line])
    assert line.strip() in str(refusal.value).replace("\\\\", "\\")


@pytest.mark.parametrize("line", ["[z-a]", "\\q*", "*[[:nope:]]", "x*[a"])
def test_a_line_that_would_silently_leave_everything_out_is_refused(line: str) -> None:
    with pytest.raises(PatternError):
        Patterns([line])


def test_a_refusal_shows_no_control_characters() -> None:
    with pytest.raises(PatternError) as refusal:
        Patterns(["\x1b[31m["])
    assert "\x1b" not in str(refusal.value)


# A second reading of the dialect, by recursion over names instead of by expressions.


def naive_match(pattern: str, path: str) -> bool:
    """Whether a pattern of letters, `?`, `*`, `**` and `/` matches a whole path."""
    if not pattern:
        return not path
    if pattern == "**":
        return True
    if pattern.startswith("**/"):
        rest = pattern[3:]
        return any(
            naive_match(rest, path[at:]) for at in range(len(path) + 1) if at == 0 or path[at - 1] == "/"
        )
    if pattern.startswith("*"):
        stop = path.find("/")
        reach = len(path) if stop < 0 else stop
        return any(naive_match(pattern[1:], path[at:]) for at in range(reach + 1))
    if not path:
        return False
    if pattern[0] == "?":
        return path[0] != "/" and naive_match(pattern[1:], path[1:])
    return pattern[0] == path[0] and naive_match(pattern[1:], path[1:])


def naive_ignores(lines: list[str], path: str) -> bool:
    """The last line that matches the path or one of its parents decides."""
    steps = path.split("/")
    parents = ["/".join(steps[: end + 1]) for end in range(len(steps))]
    for line in reversed(lines):
        if any(naive_match(line.removeprefix("!"), parent) for parent in parents):
            return not line.startswith("!")
    return False


STEPS = st.sampled_from(["a", "b", "ab", "*", "**", "a*", "*b", "?", "a?", "?b*"])
LINES = st.lists(
    st.builds(
        lambda excepts, steps: ("!" if excepts else "") + "/".join(steps),
        st.booleans(),
        st.lists(STEPS, min_size=1, max_size=4),
    ),
    max_size=5,
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "ba", "abb"]), min_size=1, max_size=5).map("/".join)


@given(LINES, PATHS)
def test_two_readings_agree(lines: list[str], path: str) -> None:
    assert Patterns(lines).ignores_deep(path) is naive_ignores(lines, path)


@given(LINES, PATHS)
def test_entering_directories_one_by_one_changes_no_verdict(lines: list[str], path: str) -> None:
    patterns = Patterns(lines)
    level: DirectoryMatches | None = None
    steps = path.split("/")
    for end in range(1, len(steps)):
        folder = "/".join(steps[:end])
        level = patterns.enter(folder, level)
        assert level.ignored is naive_ignores(lines, folder)
    assert patterns.ignores(path, level) is naive_ignores(lines, path)
