"""Builds: what `POST /build` streams, and what is left of it in the build log (contract.md §4.4, §4.5)."""

from __future__ import annotations


def past_build(tag: str, *, failed: bool) -> list[bytes]:
    """The log of a build that happened before anybody watched, as plain text."""
    lines = [
        "#1 [internal] load build definition from Dockerfile",
        "#1 transferring dockerfile: 1.20kB done",
        "#1 DONE 0.0s",
        "#2 [internal] load metadata for ghcr.io/astral-sh/uv:python3.13-bookworm-slim",
        "#2 DONE 0.6s",
        "#3 [build 1/6] FROM ghcr.io/astral-sh/uv:python3.13-bookworm-slim",
        "#3 CACHED",
        "#4 [build 4/6] RUN uv sync --locked",
        "#4 1.204 Resolved 87 packages in 12ms",
    ]
    if failed:
        lines += [
            "#4 2.511 error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
            '#4 ERROR: process "/bin/sh -c uv sync --locked" did not complete successfully: exit code: 2',
        ]
    else:
        lines += [
            "#4 DONE 9.8s",
            "#5 [build 6/6] RUN uv run --module livekit.agents download-files",
            "#5 4.377 Finished downloading files for livekit.plugins.silero",
            "#5 DONE 5.1s",
            f"#6 exporting image {tag}",
            "#6 DONE 1.9s",
        ]
    return [line.encode() for line in lines]
