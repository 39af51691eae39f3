"""From the bytes of an answer to messages and rows, within limits and with pauses. Sends nothing."""
