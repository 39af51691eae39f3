"""Settings, files and the choice of a project."""
