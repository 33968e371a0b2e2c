"""What the gateway itself changes: one file per verb."""
