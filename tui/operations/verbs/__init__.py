"""One module for each group of operations: what they ask, what they send, how their effect is found."""
