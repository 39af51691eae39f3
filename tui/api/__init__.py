"""Speaks LiveKit's HTTP APIs. Knows nothing of the fleet, the screen or the configuration files."""
