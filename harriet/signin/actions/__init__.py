"""What signing in and joining change: one file per verb."""
