"""The pages and the API of the audit log."""
