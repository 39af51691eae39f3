"""Derives what happened from what was known before and after. Pure; must not know memory, disk or screen."""
