"""What is worth a reviewer's look in a connector, check by check, and the score that follows from it."""
