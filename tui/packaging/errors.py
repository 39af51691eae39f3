"""What can go wrong on this machine before anything is sent. Knows no service: that is `tui.api.errors`.

BuildError
├── SourceError      the working directory cannot be packed
│   └── PatternError     a line of an ignore file that the service's own client would stop at
├── ProjectError     project files are missing, unreadable or not what they should be
└── SecretsError     a secrets file or value that must not be sent as it is
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


class SecretsError(BuildError):
    """A secrets file or value that must not be sent as it is."""
