"""What we know about the fleet and what can be done to it. No screen, no Textual."""
