"""The last day of a call: how many people work at once before others wait in line (docs/adr/0022)."""

from config.settings.env import env

# 0: nobody ever waits.
WAITING_ROOM_PLACES = env.int("WAITING_ROOM_PLACES", default=0)
# Who asked for nothing for so many seconds has left.
WAITING_ROOM_HOLD = env.int("WAITING_ROOM_HOLD", default=300)
# How often the page of those who wait asks again.
WAITING_ROOM_REFRESH = env.int("WAITING_ROOM_REFRESH", default=10)
# The proxy in front writes X-Request-Start ("t=1767225600.123") itself and drops what a client sends.
REQUEST_START_TRUSTED = env.bool("REQUEST_START_TRUSTED", default=False)
