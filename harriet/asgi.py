"""One ASGI application: the MCP gateway in front, Django's pages behind it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

_pages = get_asgi_application()

from harriet.gateway.endpoint import with_gateway  # noqa: E402

application = with_gateway(_pages)
