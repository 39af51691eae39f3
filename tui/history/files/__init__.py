"""Keeps what happened on disk: folders, files, what may be in them, how they are read. Knows no recorder."""
