"""The pages of agents: what acts without a person, who answers for it, and what it calls with."""
