"""The HTTP side, through real sockets."""
