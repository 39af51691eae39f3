"""Everything that asks before something is changed, and that shows what became of it."""
