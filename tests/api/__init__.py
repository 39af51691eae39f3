"""Tests of the layer that speaks LiveKit."""
