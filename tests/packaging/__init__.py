"""From a working directory to an uploaded, built version."""
