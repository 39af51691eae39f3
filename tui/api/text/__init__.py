"""Text on its way in and out: cleaned, masked, or its escapes undone. Knows nothing of requests."""
