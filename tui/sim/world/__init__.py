"""The simulated world: agents, rooms, jobs, logs and time. Independent of HTTP routes."""
