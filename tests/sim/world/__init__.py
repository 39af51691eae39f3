"""The world without HTTP."""
