"""A process with some threads that all run the same approved call, as several Celery workers at once would.

    python -m tests.gateway.takers THREADS

Reads ids of approved actions, one a line; says "done" when every thread has tried that one.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

import django


def main(threads: int) -> None:
    django.setup()
    from harriet.gateway.tasks import run_approved_action

    with ThreadPoolExecutor(threads) as takers:
        print("ready", flush=True)
        for line in sys.stdin:
            list(takers.map(run_approved_action, [line.strip()] * threads))
            print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
