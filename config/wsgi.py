"""WSGI entry point, served by granian with one thread per process."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
application = get_wsgi_application()

# Whatever is loaded by now lives as long as the process. A full collection over all of it takes a fifth of
# a second, in the middle of somebody's request; frozen, it is not looked at again.
URLS = get_resolver().url_patterns
gc.collect()
gc.freeze()
