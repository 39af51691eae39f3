"""Errors on this machine before anything is sent. Errors of the service are in `tui.api.errors`.

BuildError
├── SourceError      the working directory cannot be packed
│   └── PatternError     a line of an ignore file that `lk` would refuse
├── ProjectError     project files are missing, unreadable or invalid
│   └── SdkRefused       the SDK is too old, or its version is not known: one may go on in spite of it
└── SecretsError     a secrets file or value that must not be sent
"""

from __future__ import annotations


class BuildError(Exception):
    """A local step failed and nothing was sent. The text is one line, fit for display and free of secrets."""


class SourceError(BuildError):
    """The working directory cannot be packed."""


class PatternError(SourceError):
    """An ignore pattern with a syntax error."""


class ProjectError(BuildError):
    """A project file is missing, unreadable, or would have to be overwritten."""


class SdkRefused(ProjectError):
    """The SDK is older than the service takes, or none was found. One may go on without the check."""


class SecretsError(BuildError):
    """A secrets file or value that must not be sent."""
