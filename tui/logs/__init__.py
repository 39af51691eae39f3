"""Logs: kept open, kept whole, searchable. No screen; the wire is reached through a client handed in."""
