"""Asks LiveKit what is true now, in turns, and hands the answers to the store. Knows no list."""
