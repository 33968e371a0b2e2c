"""The queue of connectors that wait for review, and the page of one review."""
