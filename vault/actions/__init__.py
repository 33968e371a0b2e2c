"""What changes credentials and keys: one file per verb."""
