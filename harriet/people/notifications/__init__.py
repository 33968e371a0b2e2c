"""What people are told of, who hears it, by which way and how soon: one policy for all that happens."""
