"""What a line of a log says: its level, its time, its fields, where an error begins and ends. Pure."""
