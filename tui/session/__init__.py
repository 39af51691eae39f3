"""A project being watched: its client, store, poller and logs, or a recording in their place."""
