"""What knows no model of ours: requests to other systems, sealed state, JSON, text, the protocol's words."""
