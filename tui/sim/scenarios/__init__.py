"""What a world holds at the start: scenarios as data, built in or read from a file. Knows no HTTP."""
