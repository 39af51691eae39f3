"""The questions of a form: text, secret, file, choice, list."""
