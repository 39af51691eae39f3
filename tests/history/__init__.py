"""Tests of what is derived from changes of a fleet."""
