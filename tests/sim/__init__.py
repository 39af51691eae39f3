"""Tests of the simulator: official clients must not tell it from LiveKit."""
