"""What an operator can do: every verb declared once, how it is sent, and what became of it. No screen."""
