"""The prompt, its modes and completion, and the commands that are typed into it."""
