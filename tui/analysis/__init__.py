"""Conclusions from what happened and what is true now. Pure: asks nobody, draws nothing."""
