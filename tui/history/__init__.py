"""What happened to a project, as far as this session saw it."""
