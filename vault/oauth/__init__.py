"""Harriet as an OAuth client: asks token endpoints, keeps what they give, and renews it without stranding anybody."""
