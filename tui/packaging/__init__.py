"""From a working directory to an uploaded, built version. Knows the API, not the screen."""
