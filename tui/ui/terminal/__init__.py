"""Bytes to and from the terminal: keys, signals, output guard, screen diff, crash safety."""
