"""The project list of `lk` means what it means to `lk`, whose parser is Go's yaml.v3.

What is right here was measured with gopkg.in/yaml.v3 3.0.1, decoding into the types of `lk`.
"""

from __future__ import annotations

import pytest

from tui.config import lk_yaml

ROW = "  - name: a\n    url: wss://a.example\n    api_key: K\n    api_secret: S\n"
PLAIN = f"default_project: a\nprojects:\n{ROW}"


def said(text: str) -> tuple[str, list[tuple[str, str, str, str]]]:
    """Default project, and name, address, key and secret of each project."""
    found = lk_yaml.parse(text, "here")
    rows = [(name, row.url, row.api_key, row.api_secret.reveal()) for name, row in found.projects]
    return found.default, rows


ONE = [("a", "wss://a.example", "K", "S")]


@pytest.mark.parametrize(
    ("text", "default", "projects"),
    [
        (PLAIN, "a", ONE),
        (PLAIN.replace("\n", "\r\n"), "a", ONE),
        # nothing
        ("", "", []),
        ("# emptied by hand\n", "", []),
        ("null\n", "", []),
        # null is no text, and text is no null
        (f"default_project: null\nprojects:\n{ROW}", "", ONE),
        ("default_project: ~\nprojects: null\n", "", []),
        ("default_project:\nprojects:\n", "", []),
        ("projects:\n  - null\n  -\n", "", []),
        (
            "default_project: 'null'\nprojects:\n  - {name: null, url: ~, api_key: '~'}\n",
            *("null", [("", "", "~", "")]),
        ),
        # scalars are as they are written
        (
            "default_project: 007\nprojects:\n  - {name: 1.50, api_key: 0x1F, url: yes}\n",
            *("007", [("1.50", "yes", "0x1F", "")]),
        ),
        ("Default_Project: a\nPROJECTS: [{name: a}]\n", "", []),
        # merges: a mapping's own keys win, then the earlier one of a list
        ("k: &k {api_key: K, name: z}\nprojects:\n  - <<: *k\n    name: a\n", "", [("a", "", "K", "")]),
        ("k: &k {api_key: K, name: z}\nprojects:\n  - name: a\n    <<: *k\n", "", [("a", "", "K", "")]),
        (
            "k: &k {api_key: K, url: u}\nl: &l {api_key: L, name: n}\nprojects:\n  - <<: [*k, *l]\n",
            *("", [("n", "u", "K", "")]),
        ),
        ("k: &k {default_project: a}\n<<: *k\n", "a", []),
        ("k: &k {name: a}\nl: &l\n  <<: *k\n  url: u\nprojects:\n  - <<: *l\n", "", [("a", "u", "", "")]),
        ("k: &k {name: a}\nprojects:\n  - '<<': *k\n", "", [("", "", "", "")]),
        ("r: &r [{name: a}]\nprojects: *r\n", "", [("a", "", "", "")]),
        # only the first document counts, whatever the others hold
        (f"{PLAIN}---\ndefault_project: b\n", "a", ONE),
        (f"# x\n---\n{PLAIN}", "a", ONE),
        (f"---\n---\n{PLAIN}", "", []),
        ("default_project: a\n---\n: [\n", "a", []),
        ("default_project: a\n...\n}\n", "a", []),
        # what is not used is not judged
        ("foo:\n  x: 1\n  x: 2\ndefault_project: a\n", "a", []),
    ],
)
def test_a_list_means_what_it_means_to_lk(
    text: str, default: str, projects: list[tuple[str, str, str, str]]
) -> None:
    assert said(text) == (default, projects)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        (f"{PLAIN}default_project: b\n", "default_project is there twice", 7),
        ("projects:\n  - name: a\n    name: b\n", "name is there twice", 3),
        ("foo: 1\n'foo': 2\n", "foo is there twice", 2),
        ("? 'canary 1'\n: 1\ncanary 1: 2\n", "a key is there twice", 3),
        ("k: &k {name: a}\nprojects:\n  - <<: *k\n    <<: *k\n", "<< is there twice", 4),
        ("k: &k {name: a, name: b}\nprojects:\n  - <<: *k\n", "name is there twice", 1),
        ("projects:\n  - <<: hello\n    name: a\n", "a project merges no mapping", 2),
        ("projects:\n  - <<: null\n", "a project merges no mapping", 2),
        ("default_project: a\nprojects:\n  alpha:\n    url: u\n", "projects must be a list", 3),
        ("projects: ''\n", "projects must be a list", 1),
        ("projects:\n  - canary\n", "a project must be a mapping", 2),
        ("projects:\n  - name: [canary]\n", "name must be text", 2),
        ("default_project: {canary: 1}\n", "default_project must be text", 1),
        ("- a\n", "the file must be a mapping", 1),
        ("canary\n", "the file must be a mapping", 1),
        ("? {canary: b}\n: 1\n", "the file has a key that is no text", 1),
        ("a: *canary\n", "not valid YAML", 1),
        ("a: &a\n  <<: *a\n<<: *a\n", "merges too much|nested too deeply", 0),
    ],
)
def test_what_lk_refuses_is_refused_at_its_place(text: str, problem: str, line: int) -> None:
    with pytest.raises(lk_yaml.InvalidYaml, match=problem) as refusal:
        lk_yaml.parse(text, "here")
    assert line in (refusal.value.line, 0)
    assert "canary" not in str(refusal.value)


def test_merges_that_double_with_each_level_end_soon() -> None:
    levels = "".join(f"a{n + 1}: &a{n + 1}\n  <<: [*a{n}, *a{n}]\n" for n in range(40))
    with pytest.raises(lk_yaml.InvalidYaml, match="merges too much"):
        lk_yaml.parse(f"a0: &a0 {{name: a}}\n{levels}projects: [*a40]\n", "here")


def test_users_of_another_form_take_no_project_away() -> None:
    found = lk_yaml.parse(f"{PLAIN}users: hello\n", "here")
    assert [name for name, _ in found.projects] == ["a"]
    assert found.problem == "its users are not read: users must be a list"
