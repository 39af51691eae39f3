"""The simulator's HTTP side: authentication, Twirp services, uploads, streams, faults and the control API."""
