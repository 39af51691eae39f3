"""Speaks LiveKit's HTTP APIs. Knows nothing of the fleet, the screen or the configuration files."""

import sys
from types import ModuleType

# httpx imports its command line, with click and pygments, wherever those are installed: half its import time.
# Finding an empty module in its place it goes without, as it does where they are missing.
sys.modules.setdefault("httpx._main", ModuleType("httpx._main"))
