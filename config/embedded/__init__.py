"""A real PostgreSQL and a real Valkey from the virtual environment, for the demo and the tests.

With DATABASE_URL and REDIS_URL set nothing here is imported.

The servers are children of a guard process (`guard.py`), which stops them when whoever asked for them
ends, by whatever means. `python -m config.embedded run -- COMMAND` runs a command beside them.
"""

from config.embedded.client import Servers, missing, running_urls, serve, start

__all__ = ["Servers", "missing", "running_urls", "serve", "start"]
