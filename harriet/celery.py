"""The Celery application: `celery -A harriet worker`, `celery -A harriet beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

app = Celery("harriet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_wrong_key(**_: Any) -> None:
    """A worker with a wrong root key stops before it takes a task."""
    from vault.keys import check_root_key

    check_root_key()
