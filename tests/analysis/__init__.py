"""Tests of conclusions from what happened and what is true now."""
