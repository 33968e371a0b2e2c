"""What the database itself forbids: its triggers and roles."""
