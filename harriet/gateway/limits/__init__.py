"""How often calls may be made: limits, and breakers for calls that repeat themselves and for tools that fail."""
