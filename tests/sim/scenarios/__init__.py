"""Scenarios by name and from files."""
