"""One file for each check: it reads a subject and says what it found."""
