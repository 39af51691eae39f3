"""lktop beside real programs: livekit-server, Redis and workers of livekit-agents; and recordings of them."""
