"""The tests. Real sockets, the simulator and real pseudo-terminals wherever they matter."""
