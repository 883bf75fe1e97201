"""What happens in the demo, and when: two earlier calls with running projects, two open ones."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from core import calendar_table
from core.models import CalendarDay
from desk import packs
from finance.models import Appropriation
from grants.actions import publish_call
from grants.models import Call
from grants.states import CallState
from notifications import receipts
from notifications.models import Delivery, Message, Notice
from notifications.states import DeliveryState
from notifications.sweep import sweep
from seeds import dictionaries
from seeds.demo import steps
from seeds.demo.cast import assemble, is_assembled, read
from seeds.demo.challenges import Challenges
from seeds.demo.parks import Parks
from seeds.demo.platforms import Platforms
from seeds.demo.rewards import SLUG as REWARDS
from seeds.demo.rewards import Rewards
from seeds.demo.shares import Shares

DEPARTMENTS = {"jiebang-sme": "transfer", "park-cultivation": "hightech"}
"""The programmes that the demo tells of, and who runs them."""
READ_AFTER = 7
SENT_AFTER = 2
"""Days after which the demo's people have read, and the mail server has taken, what they were told."""
DRAFT = "international"
"""The programme whose notice is still being written."""
PLATFORMS = "concept-platform"
LONG_AGO = 950
"""The platforms were filed by the pack as it stood so many days before."""
EARLIER = 400
"""The earlier calls are the same packs, loaded so many days before: always another year."""


def make(*, now) -> bool:
    """The whole demo in one transaction. False when it is there already: then nothing changes."""
    if is_assembled():
        return False
    with transaction.atomic():
        if not CalendarDay.objects.exists():
            calendar_table.seed()
        for file in dictionaries.shipped():
            dictionaries.load(file)
        Story(now).tell()
        settle_notices(now)
        settle_mail(now)
    return True


def settle_notices(now) -> None:
    """What was served long ago is deemed served; of what waits, the oldest has been acknowledged."""
    receipts.deem_served(at=now)
    oldest = Message.objects.filter(notice__in=Notice.objects.waiting()).order_by("id").first()
    if oldest and Notice.objects.waiting().count() > 1:
        receipts.acknowledge(
            notice=oldest.notice, by=oldest.recipient, at=oldest.created_at + timedelta(hours=3)
        )


def settle_mail(now) -> None:
    """What was said long ago has been sent and read; what is due now is told by the sweep."""
    Message.objects.filter(created_at__lt=now - timedelta(days=READ_AFTER)).update(read_at=F("created_at"))
    Delivery.objects.filter(next_try_at__lt=now - timedelta(days=SENT_AFTER)).update(
        state=DeliveryState.SENT, attempts=1, sent_at=F("next_try_at")
    )
    sweep(at=now)


class Story:
    def __init__(self, now):
        self.clock = steps.Clock(now)
        self.cast = assemble(today=self.clock.today, at=self.clock(-EARLIER - 100))
        written = read("applications.yaml")
        self.stage = {
            "clock": self.clock,
            "cast": self.cast,
            "demands": {row["key"]: row for row in read("demands.yaml")},
            "bids": {row["key"]: row for row in written["bids"]},
            "park": {row["key"]: row for row in written["park"]},
        }

    def tell(self) -> None:
        earlier, current = self.publish(EARLIER), self.publish(0)
        challenges, parks = Challenges(**self.stage), Parks(**self.stage)
        challenges.earlier(earlier["jiebang-sme"])
        parks.earlier(earlier["park-cultivation"])
        Shares(**self.stage).tell()
        challenges.current(current["jiebang-sme"])
        parks.current(current["park-cultivation"])
        self.rewards()
        self.publish_others()
        self.platforms()

    def rewards(self) -> None:
        """Claims of last year and of this year, whose invoices are looked at one by one."""
        rewards, file = Rewards(**self.stage), next(f for f in packs.shipped() if f.stem == REWARDS)
        for days, tell in ((EARLIER, rewards.earlier), (0, rewards.current)):
            department = self.cast.units["hightech"]
            call = packs.load(file, today=self.clock.day(-days), department=department).call
            publish_call(call=call, by=self.cast.people["manager"], at=call.opens_at - timedelta(hours=1))
            self.appropriate(call)
            tell(call)

    def platforms(self) -> None:
        """Filed by a notice of long ago, which is loaded as it stood then."""
        for file in packs.shipped():
            if file.stem == PLATFORMS:
                department = self.cast.units["hightech"]
                call = packs.load(file, today=self.clock.day(-LONG_AGO), department=department).call
                at = call.opens_at - timedelta(hours=1)
                publish_call(call=call, by=self.cast.people["manager"], at=at)
                Platforms(**self.stage).earlier(call)

    def publish(self, days: int) -> dict[str, Call]:
        """The two packs of the story as they stood `days` ago, published an hour before they open."""
        calls = {}
        for file in packs.shipped():
            if file.stem not in DEPARTMENTS:
                continue
            department = self.cast.units[DEPARTMENTS[file.stem]]
            call = packs.load(file, today=self.clock.day(-days), department=department).call
            if call.state == CallState.DRAFT:
                at = call.opens_at - timedelta(hours=1)
                publish_call(call=call, by=self.cast.people["manager"], at=at)
            self.appropriate(call)
            calls[file.stem] = call
        return calls

    def publish_others(self) -> None:
        """The other programmes of the catalogue, as notices to apply to; one is still a draft on the desk."""
        by, department = self.cast.people["manager"], self.cast.units["hightech"]
        for file in packs.shipped():
            if file.stem in DEPARTMENTS:
                continue
            call = packs.load(file, today=self.clock.day(0), department=department).call
            if file.stem != DRAFT and call.state == CallState.DRAFT:
                publish_call(call=call, by=by, at=min(call.opens_at - timedelta(hours=1), self.clock.now))

    def appropriate(self, call: Call) -> None:
        """Money for every budget year in which something of the call is decided."""
        own = Appropriation.objects.get(programme=call.programme, year=call.year)
        for year in range(call.year, self.clock.today.year + 1):
            Appropriation.objects.get_or_create(
                programme=call.programme, year=year, defaults={"amount": own.amount}
            )
