"""What a server asks a client in the middle of a call, and where its answers go."""
