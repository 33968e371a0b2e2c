"""What every story starts from: who is there, and what stands around them."""
