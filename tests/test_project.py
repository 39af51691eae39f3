"""What makes two projects the same one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.project import Project
from tui.secret import Secret

PROJECT = Project(
    name="prod",
    url="https://prod.livekit.cloud",
    agents_url="https://agents.livekit.cloud",
    api_key="APIkey",
    api_secret=Secret("canary"),
    source="config.toml",
)


def test_the_key_is_the_same_in_every_run() -> None:
    """State on disk is filed by it, so the figure itself is held here."""
    assert PROJECT.key == "1b42b24ae22d9ee76646e0d203b5ffae"


@pytest.mark.parametrize(
    "same",
    [
        replace(PROJECT, name="production", source="flag --project", theme="light"),
        replace(PROJECT, read_only=True, danger=True, requests_per_minute=5),
        replace(PROJECT, api_secret=Secret("rotated")),
        replace(PROJECT, url="https://PROD.LiveKit.Cloud", agents_url="https://Agents.livekit.cloud"),
        replace(PROJECT, url="https://prod.livekit.cloud:443", agents_url="wss://agents.livekit.cloud/"),
    ],
)
def test_a_label_a_setting_or_another_spelling_makes_no_other_project(same: Project) -> None:
    assert same.key == PROJECT.key


def test_another_host_port_or_api_key_makes_another_project() -> None:
    others = [
        PROJECT,
        replace(PROJECT, url="https://staging.livekit.cloud"),
        replace(PROJECT, agents_url="https://prod.livekit.cloud"),
        replace(PROJECT, url="https://agents.livekit.cloud", agents_url="https://prod.livekit.cloud"),
        replace(PROJECT, url="https://prod.livekit.cloud:7880"),
        replace(PROJECT, api_key="apikey"),
        replace(PROJECT, api_key=""),
    ]
    assert len({item.key for item in others}) == len(others)


def test_the_key_is_a_file_name_that_gives_nothing_away() -> None:
    odd = replace(PROJECT, url="http://[::1]:7880/../etc", api_key="\udcff\n")
    assert odd.key.isalnum() and odd.key.isascii()
    assert "prod" not in PROJECT.key and PROJECT.api_key not in PROJECT.key
