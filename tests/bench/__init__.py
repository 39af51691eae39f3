"""What the program costs, measured from outside: `python -m tests.bench`. Collected by no test run."""
