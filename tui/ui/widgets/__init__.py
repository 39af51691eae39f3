"""Widgets that know nothing of LiveKit: the line table, lines of text, tones."""
