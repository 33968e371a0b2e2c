"""A client's requests, in either era of the protocol, and what a profile offers."""
