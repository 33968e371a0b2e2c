"""How those who decide hear of it: a file per channel."""
