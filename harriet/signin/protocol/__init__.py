"""OAuth as the RFCs have it: addresses, redirects, what a client says of itself. Values and rules, no rows."""
