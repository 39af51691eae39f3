"""LiveKit's messages as bytes: JSON, protobuf, error codes and encoded lists. Knows no world and no HTTP."""
