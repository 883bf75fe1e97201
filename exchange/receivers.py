"""What exchange does when something happens upstream. Connected in `ExchangeConfig.ready`."""

from exchange import notifications
from exchange.models import Demand


def relisted(sender, *, topic, by, at, **kwargs) -> None:
    """The unit that posted the demand hears of the new closing moment, as it did of the first."""
    for demand in Demand.objects.filter(topic=topic):
        demand.topic = topic
        notifications.listed(demand, at=at)
