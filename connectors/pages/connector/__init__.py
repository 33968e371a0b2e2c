"""The pages of one connector: a tab each, and the buttons above them."""
