"""What a line of a log says: level, time, fields, errors."""
