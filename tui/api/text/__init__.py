"""Text on its way in and out: cleaned, masked, or kept exactly. Knows nothing of requests."""
