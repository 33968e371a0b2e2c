"""The Celery application: `celery -A harriet worker`, `celery -A harriet beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_init

from harriet.lib.signed_tasks import SignedTask

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

app = Celery("harriet", task_cls=SignedTask)  # a class: its module signs what any process sends, from the first
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def keep_to_itself(**_: Any) -> None:
    """Workers tell each other nothing through Redis: what one would believe there, whoever writes to Redis may say. An
    election among workers even names a task to run."""
    from celery.worker.consumer.gossip import Gossip
    from celery.worker.consumer.mingle import Mingle

    Gossip.compatible_transports = Mingle.compatible_transports = set()


@worker_init.connect
def refuse_wrong_key(**_: Any) -> None:
    """A worker with a wrong root key stops before it takes a task."""
    from vault.actions.check_root_key import check_root_key

    check_root_key()
