"""Deploying: from a working directory to a version that runs, or to words that say exactly what happened."""
