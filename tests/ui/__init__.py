"""The screen: what it shows, what its keys do, what it sends."""
