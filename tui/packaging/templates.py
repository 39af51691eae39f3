"""Templates of generated files, one for each kind of project (PROTOCOL.md, Builds). Data only."""

from __future__ import annotations

from typing import Final

from tui.packaging.detect import ProjectType

_USER: Final = """\
# Not root, and not a user that exists elsewhere.
RUN adduser --disabled-password --gecos "" --home /app --shell /usr/sbin/nologin --uid 10001 appuser
WORKDIR /app
COPY --from=build --chown=appuser:appuser /app /app
USER appuser
"""

_COMPILERS: Final = """\
# Some wheels have to be compiled.
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends gcc g++ python3-dev \\
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
"""

_PIP: Final = (
    """\
# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim AS base
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1

FROM base AS build
"""
    + _COMPILERS
    + """\
# Before the code, so that a change of code alone installs and downloads nothing.
COPY requirements.txt ./
RUN python -m venv .venv
ENV PATH="/app/.venv/bin:$PATH"
RUN pip install --no-cache-dir --requirement requirements.txt
RUN python -m livekit.agents download-files
COPY . .

FROM base
"""
    + _USER
    + """\
ENV PATH="/app/.venv/bin:$PATH"
CMD ["python", @PROGRAM@, "start"]
"""
)

_UV: Final = (
    """\
# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.13
FROM ghcr.io/astral-sh/uv:python${PYTHON_VERSION}-bookworm-slim AS base
ENV PYTHONUNBUFFERED=1 UV_COMPILE_BYTECODE=1

FROM base AS build
"""
    + _COMPILERS
    + """\
# Before the code, so that a change of code alone installs and downloads nothing.
COPY pyproject.toml uv.lock ./
RUN mkdir -p src
RUN uv sync --locked
RUN uv run --module livekit.agents download-files
COPY . .

FROM base
"""
    + _USER
    + """\
CMD ["uv", "run", @PROGRAM@, "start"]
"""
)

_NODE: Final = (
    """\
# syntax=docker/dockerfile:1
ARG NODE_VERSION=22
FROM node:${NODE_VERSION}-slim AS base
ENV PNPM_HOME=/pnpm
ENV PATH="$PNPM_HOME:$PATH"
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends ca-certificates \\
 && rm -rf /var/lib/apt/lists/*
RUN npm install --global pnpm@10

FROM base AS build
WORKDIR /app
# Before the code, so that a change of code alone installs and downloads nothing.
COPY package.json pnpm-lock.yaml ./
RUN pnpm install --frozen-lockfile
RUN npx livekit-agents download-files
COPY . .
RUN pnpm build
RUN pnpm prune --prod

FROM base
"""
    + _USER
    + """\
ENV NODE_ENV=production
CMD ["pnpm", "start"]
"""
)

_COMMON: Final = """\
# Secrets: set them on the agent.
**/.env
**/.env.*

# Version control, editors, operating systems
.git
.gitignore
.gitattributes
.github
.idea
.vscode
**/.DS_Store

# Logs, archives and caches
**/*.log
*.gz
*.tgz
.cache
.tmp
coverage

# Read by people
README.md
CONTRIBUTING.md
LICENSE

# Settings of coding assistants
.aider*
.claude
.cline*
.codeiumignore
.codex
.cursor*
.gemini*
.windsurf*
AGENTS.md
CLAUDE.md
GEMINI.md
"""

_IGNORED_PYTHON: Final = f"""\
# Tests
test
tests
eval
evals

# Made by Python
**/__pycache__
**/*.py[cod]
*.egg-info
dist
build
**/.venv
**/venv
.pytest_cache
.ruff_cache

{_COMMON}"""

_IGNORED_NODE: Final = f"""\
# Tests
**/*.test.ts
**/*.spec.ts
**/__tests__
tests
evals

# Made by Node
**/node_modules
dist
build

{_COMMON}"""

DOCKERFILES: Final = {
    ProjectType.PYTHON_PIP: _PIP,
    ProjectType.PYTHON_UV: _UV,
    ProjectType.NODE: _NODE,
}
"""`@PROGRAM@` stands for the quoted entry point."""
IGNORED: Final = {
    ProjectType.PYTHON_PIP: _IGNORED_PYTHON,
    ProjectType.PYTHON_UV: _IGNORED_PYTHON,
    ProjectType.NODE: _IGNORED_NODE,
}
"""Lines beginning with `#` are comments for people; `lk` reads them as patterns that match nothing."""
