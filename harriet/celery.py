"""The Celery application: `celery -A harriet worker`, `celery -A harriet beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

app = Celery("harriet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
