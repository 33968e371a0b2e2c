"""What the web processes tell each other and hear from the database."""
