"""What happened, written so that it can't be changed unnoticed."""
