"""What becomes of text on its way in and out: cleaned, masked, kept exact. Knows no call."""
