"""The parts of the server that the conformance suite expects."""
