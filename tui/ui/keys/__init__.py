"""Which key does what, and where: one table, from which bindings, help, footer and the README are made."""
