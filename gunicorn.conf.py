"""Gunicorn reads this from the folder it is started in: its log takes the form of Harriet's."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

logger_class = "harriet.start.weblog.WebLog"
