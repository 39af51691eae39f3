"""The log view: drawn, read, searched, copied and saved under the keys of an operator."""
