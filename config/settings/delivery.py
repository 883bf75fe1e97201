"""How messages leave the site."""

from config.settings.env import env

# Networks of one's own to which gateways and webhooks may be addressed, such as 10.1.2.0/24.
EGRESS_NETWORKS = env.list("EGRESS_NETWORKS", default=[])
# Mails a minute that the mail server takes; 0 for any number.
EMAIL_PER_MINUTE = env.int("EMAIL_PER_MINUTE", default=0)
# Whoever reads /metrics sends it as a bearer token; without one only the machine itself may read.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
