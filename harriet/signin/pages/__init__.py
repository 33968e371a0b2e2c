"""The pages of people who come in: set-up, joining, proving an address."""
