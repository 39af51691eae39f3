"""What an operator can do: every verb declared once, how it is sent, and what its outcome was. No screen."""
