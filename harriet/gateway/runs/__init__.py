"""Works at runs of workflows: their calls go the way of every call."""
