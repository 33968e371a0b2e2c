"""What becomes of a held call: one file per verb."""
