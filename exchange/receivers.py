"""What exchange does when something happens upstream. Connected in `ExchangeConfig.ready`."""

from django.db.models import Q

from exchange import notifications
from exchange.models import Demand


def relisted(sender, *, topic, by, at, **kwargs) -> None:
    """The unit that posted the demand hears of the new closing moment, as it did of the first."""
    for demand in Demand.objects.filter(topic=topic):
        demand.topic = topic
        notifications.listed(demand, at=at)


def files(user) -> Q:
    """The files of a demand are for whoever reads the whole demand."""
    return Q(
        content_type__app_label="exchange",
        content_type__model="demand",
        object_id__in=Demand.objects.visible_to(user).values("pk"),
    )
