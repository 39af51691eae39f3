"""The matrix: every operation against every fault of its answer and every lie of the looks that follow."""
