"""Lists and texts that lie over the main screen until a key closes them. Must not know the application."""
