"""Watched projects: live, with client, store, poller and logs, or from a recording; and their registry."""
