"""Worlds to start from: built-in scenarios and scenario files."""
