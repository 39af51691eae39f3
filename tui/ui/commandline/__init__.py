"""The prompt, its history and the commands. Knows the program by the protocol `Console` alone."""
