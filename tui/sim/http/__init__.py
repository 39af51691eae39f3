"""The simulator's HTTP side: Twirp services, uploads, streams, faults and the control API."""
