"""The simulated world: agents, rooms, jobs, logs and time. Knows no HTTP and no scenarios."""
