"""Dialogs that ask before something is changed and show the outcome."""
