"""/metrics for Prometheus: how delivery is doing. For whoever holds the token, or the machine itself."""

import ipaddress

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from notifications import figures

PROXIED = {"Forwarded", "Via", "X-Real-Ip"}
STATES = {"closed": 0, "half-open": 1, "open": 2}


@require_safe
@never_cache
def metrics(request):
    """Gauges read from the tables at this moment, the same from every web process. 404 for strangers."""
    if not allowed(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def allowed(request) -> bool:
    """With METRICS_TOKEN set, its bearer; without it, loopback when no proxy stands between."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return constant_time_compare(given, settings.METRICS_TOKEN)
    if any(name.startswith("X-Forwarded-") or name in PROXIED for name in request.headers):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class Collector:
    """Turns `figures.read` into metric families."""

    def collect(self):
        found = figures.read(at=timezone.now())
        yield from self._channels(found)
        states = GaugeMetricFamily(
            "jiebang_circuit_state",
            "Circuit breaker of a way out: 0 closed, 1 half-open, 2 open",
            labels=["channel", "route"],
        )
        for circuit in found.circuits:
            states.add_metric([circuit.channel, circuit.route], STATES[circuit.state])
        yield states
        pulses = GaugeMetricFamily(
            "jiebang_last_run_timestamp_seconds", "When a task of the clock last finished", labels=["task"]
        )
        for name, pulse in found.pulses.items():
            pulses.add_metric([name], pulse.at.timestamp())
        yield pulses
        failures = GaugeMetricFamily(
            "jiebang_last_run_failures",
            "Rows at which a task of the clock failed in its last run",
            labels=["task"],
        )
        for name, pulse in found.pulses.items():
            failures.add_metric([name], pulse.failed)
        yield failures

    def _channels(self, found):
        for name, text, value in (
            ("waiting", "Deliveries that wait, retries included", lambda row: row.waiting),
            ("due", "Deliveries whose moment has come and that are not sent", lambda row: row.due),
            ("sent_last_hour", "Deliveries sent within an hour", lambda row: row.last_hour),
            ("sent_last_day", "Deliveries sent within 24 hours", lambda row: row.sent),
            ("late_last_day", "Of these, sent more than 15 minutes after their moment", lambda row: row.late),
            (
                "repeated_last_day",
                "Of these, posts of robots that a group may have read twice",
                lambda row: row.repeated,
            ),
            ("failed", "Dead letters: given up, waiting for a person", lambda row: row.failed),
        ):
            yield self._family(f"jiebang_deliveries_{name}", text, found, value)
        age = "Age of the oldest delivery that waits"
        yield self._family("jiebang_queue_age_seconds", age, found, lambda row: row.oldest.total_seconds())

    def _family(self, name, text, found, value):
        family = GaugeMetricFamily(name, text, labels=["channel"])
        for row in found.channels:
            family.add_metric([row.name], value(row))
        return family
