"""lktop: watch and run a fleet of LiveKit agents from a terminal."""

__version__ = "0.1.0"
