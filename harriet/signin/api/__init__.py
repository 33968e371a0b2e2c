"""The REST API of AI clients and connected apps."""
