"""The pages and the API of limits: how often calls may be made, and what is done about those that repeat themselves."""
