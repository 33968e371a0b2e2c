"""One ASGI application: the MCP gateway in front, the sample server beside it, Django's pages behind it."""

import gc
import os
import warnings

gc.disable()  # while everything is loaded, which makes little garbage: it takes a sixth less time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

_pages = get_asgi_application()

from connectors.sample import PATH as SAMPLE_PATH  # noqa: E402
from connectors.sample.server import application as sample_server  # noqa: E402
from harriet.gateway.endpoint import with_gateway  # noqa: E402
from vault.actions.check_root_key import check_root_key  # noqa: E402

# Static files are small and WhiteNoise gives them piece by piece; that Django reads all pieces first concerns nobody.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")

check_root_key()  # a wrong key never serves a page

application = with_gateway(_pages, beside={SAMPLE_PATH: sample_server})

gc.enable()
gc.collect()
gc.freeze()  # what is loaded by now lives as long as the process: collections need not walk it for every call
gc.set_threshold(10_000, 10, 50)  # a call makes hundreds of objects and no cycles: look for those less often
