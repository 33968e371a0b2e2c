"""The REST API of people, and what every route of the API does alike: who calls, and how a body is read."""
