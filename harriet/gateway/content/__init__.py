"""What servers answer: blocks of content, results, and how older clients read them."""
