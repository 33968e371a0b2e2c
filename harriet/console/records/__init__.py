"""Settings → Records: the Django admin site's pages of every noun, read from each app's records.py."""
