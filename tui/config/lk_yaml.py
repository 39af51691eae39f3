"""Reads the project list of `lk` as Go's yaml.v3 does, which `lk` uses (PROTOCOL.md, Quirks). Opens no file.

Every scalar is text, and only what is used is checked, as there. No error quotes the text around it, which
may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from tui.config.projects import FoundCredentials
from tui.secret import Secret

MERGES: Final = 1_000
"""Mappings that one document may merge: nested ones double with each level."""
_TAG: Final = "tag:yaml.org,2002:"
_KEY: Final = re.compile(r"[A-Za-z_<][A-Za-z0-9_<]{0,30}")
"""A key that an error may name; anything else may be a secret that lost its place."""


class InvalidYaml(ValueError):
    """What is wrong, without a value; `line` counts from 1, 0 where it is not known."""

    def __init__(self, problem: str, line: int = 0, column: int = 0) -> None:
        super().__init__(problem)
        self.line = line
        self.column = column


@dataclass(frozen=True)
class ListedProjects:
    """What is used of the text, in its order."""

    default: str
    projects: tuple[tuple[str, FoundCredentials], ...]
    """Name and keys."""
    of_users: tuple[tuple[str, FoundCredentials], ...]
    """The projects of those who are signed in, which have no keys."""
    problem: str = ""
    """Why projects of users are missing."""


def parse(text: str, source: str) -> ListedProjects:
    """The projects of a file; `source` says in words where it is. Raises `InvalidYaml`."""
    try:
        document = _Document(text)
        top = document.table(document.root, "the file")
        found = tuple(_projects(document, top.get("projects"), source))
        default = _text(top.get("default_project"), "default_project")
        try:
            return ListedProjects(default, found, tuple(_of_users(document, top.get("users"), source)))
        except InvalidYaml as error:  # not in every version of `lk`
            return ListedProjects(default, found, (), f"its users are not read: {error}")
    except RecursionError:
        raise InvalidYaml("nested too deeply") from None


def _projects(
    document: _Document, node: yaml.Node | None, source: str
) -> Iterator[tuple[str, FoundCredentials]]:
    for row in document.rows(node, "projects"):
        found = document.texts(row, "a project", ("name", "url", "api_key", "api_secret"))
        keys = found["api_key"], Secret(found["api_secret"])
        yield found["name"], FoundCredentials(found["url"], *keys, source)


def _of_users(
    document: _Document, node: yaml.Node | None, source: str
) -> Iterator[tuple[str, FoundCredentials]]:
    for user in document.rows(node, "users"):
        for row in document.rows(document.table(user, "a user").get("projects"), "projects of a user"):
            keys = ("alias", "name", "project_id", "subdomain", "url")
            found = document.texts(row, "a project of a user", keys)
            subdomain = found["subdomain"]
            url = found["url"] or (f"wss://{subdomain}.livekit.cloud" if subdomain else "")
            name = found["alias"] or found["name"] or found["project_id"]
            yield name, FoundCredentials(url, "", Secret(""), source)


class _Document:
    """The first document of a text; later ones do not count."""

    def __init__(self, text: str) -> None:
        """Raises `InvalidYaml`."""
        self._merges = 0
        try:
            loader = yaml.SafeLoader(text)
            self.root: yaml.Node | None = loader.get_node() if loader.check_node() else None
            """None if there is none."""
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise InvalidYaml("not valid YAML", *place) from None
        except yaml.YAMLError:
            raise InvalidYaml("not valid YAML: holds a control character") from None

    def table(self, node: yaml.Node | None, name: str) -> dict[str, yaml.Node]:
        """The values of a mapping by key, merged ones included; empty for null. Raises `InvalidYaml`."""
        if node is None or _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise _wrong(node, f"{name} must be a mapping")
        own: dict[str, yaml.Node] = {}
        merged: list[yaml.Node] = []
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong(key, f"{name} has a key that is no text")
            if key.value in seen:
                shown = key.value if _KEY.fullmatch(key.value) else "a key"
                raise _wrong(key, f"{shown} is there twice")
            seen.add(key.value)
            if key.tag == f"{_TAG}merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            else:
                own[key.value] = value
        for one in merged:
            self._merges += 1
            if not isinstance(one, yaml.MappingNode) or self._merges > MERGES:
                raise _wrong(one, f"{name} merges {'too much' if self._merges > MERGES else 'no mapping'}")
            own = self.table(one, name) | own
        return own

    def rows(self, node: yaml.Node | None, name: str) -> list[yaml.Node]:
        """The items of a list without null ones; empty for null. Raises `InvalidYaml`."""
        if node is None or _is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise _wrong(node, f"{name} must be a list")
        return [item for item in node.value if not _is_null(item)]

    def texts(self, node: yaml.Node, name: str, keys: tuple[str, ...]) -> dict[str, str]:
        """Some values of a mapping as they are written; empty for missing and null ones."""
        found = self.table(node, name)
        return {key: _text(found.get(key), key) for key in keys}


def _text(node: yaml.Node | None, name: str) -> str:
    """A scalar as it is written; empty for null. Raises `InvalidYaml`."""
    if node is None or _is_null(node):
        return ""
    if not isinstance(node, yaml.ScalarNode) or node.tag == f"{_TAG}binary":
        raise _wrong(node, f"{name} must be text")
    return str(node.value)


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == f"{_TAG}null")


def _wrong(node: yaml.Node, problem: str) -> InvalidYaml:
    mark = node.start_mark
    return InvalidYaml(problem, mark.line + 1, mark.column + 1)
