"""`python -m tui` is the same program as `lktop`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # Python has put the working directory first: whoever can write there could replace any module.
        del sys.path[0]
    from tui.cli import main

    raise SystemExit(main())
