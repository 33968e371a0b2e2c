"""An organization's set-up as a file: `manage.py apply` reads it, `manage.py export` writes it."""
