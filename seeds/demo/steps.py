"""Steps of the journey, each a few action calls: the demo tells its stories with them, tests may too."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from applications import actions as applications
from applications import queries
from applications.models import Application, RuleStatus
from applications.rules import Signed
from core.calendar import local_date
from exchange import actions as exchange
from exchange.models import Demand
from grants.models import Call, Topic
from seeds.demo import writing
from seeds.demo.cast import Cast

WAN = writing.WAN


class Clock:
    """Moments of the demo, counted in days from the day on which it is made."""

    def __init__(self, now: datetime):
        self.now = now
        self.today = local_date(now)

    def __call__(self, days: int, hour: int = 10, minute: int = 0) -> datetime:
        """`hour:minute` on the day `days` from today; never later than now."""
        moment = datetime.combine(
            self.today + timedelta(days=days), time(hour, minute), tzinfo=timezone.get_default_timezone()
        )
        return min(moment, self.now)

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)


# ---- demands ----


def write_demand(*, call: Call, row: dict, cast: Cast, at: datetime) -> Demand:
    """A demand of the demo's list as a complete draft."""
    by = _person_of(cast, row["owner"])
    demand = exchange.post(call=call, organisation=cast.units[row["owner"]], by=by, at=at)
    values = {
        "title": row["title"],
        "field": row["field"],
        "problem": row["problem"],
        "public_summary": row["public_summary"],
        "indicators": row["indicators"],
        "amount": row["amount"] * WAN,
        "offered_amount": row["offered"] * WAN,
        "deadline_date": local_date(at) + timedelta(days=row["within"]),
        "ip_ownership": row["ip"],
        "bidder_conditions": row["conditions"],
        "name_is_public": row["public"],
    }
    exchange.save(demand=demand, values=values, by=by, at=at)
    return demand


def submit_demand(demand: Demand, *, at: datetime) -> None:
    exchange.submit(demand=demand, by=demand.created_by, at=at)


def argue(demand: Demand, *, cast: Cast, at: datetime) -> None:
    opinion = "需求真实，指标可考核，企业资金和应用条件有保障，同意发榜。"
    exchange.argue(demand=demand, opinion=opinion, accept=True, by=cast.people["manager"], at=at)


def return_demand(demand: Demand, *, cast: Cast, at: datetime) -> None:
    reason = "指标过少：请补充透光率和耐候性指标，并说明现有产品的差距。"
    exchange.return_demand(demand=demand, reason=reason, by=cast.people["manager"], at=at)


def list_demand(demand: Demand, *, cast: Cast, at: datetime) -> Topic:
    return exchange.list_demand(demand=demand, by=cast.people["manager"], at=at)


def _person_of(cast: Cast, unit: str):
    login = next(login for login, row in cast.details.items() if row.get("unit") == unit)
    return cast.people[login]


# ---- applications ----


def write_application(
    *, call: Call, row: dict, cast: Cast, at: datetime, starts: date, topic: Topic | None = None
) -> Application:
    """An application of the demo's list as a complete draft."""
    by, unit = cast.people[row["by"]], cast.units[cast.details[row["by"]]["unit"]]
    application = applications.start(call=call, topic=topic, organisation=unit, by=by, at=at)
    people = [cast.person(row["by"], "pi")]
    people += [cast.person(guest["login"], months=guest["months"]) for guest in row.get("with", [])]
    given = {name: row[name] for name in ("route", "innovation", "direction") if name in row}
    given |= row.get("texts", {})
    if "trl" in row:
        given |= {"trl_start": str(row["trl"][0]), "trl_end": str(row["trl"][1])}
    if "demander" in row["money"]:
        given["contract_amount"] = str(row["money"]["demander"])
    writing.fill(
        application,
        by=by,
        at=at,
        title=row["title"],
        summary=row["summary"],
        people=people,
        money={source: Decimal(amount) for source, amount in row["money"].items()},
        starts=starts,
        months=row.get("months", 10),
        given=given,
        indicators=topic.indicators if topic else None,
    )
    return application


def submit(application: Application, *, at: datetime) -> None:
    applications.submit(application=application, by=application.created_by, at=at)


def unit_approves(application: Application, *, cast: Cast, at: datetime) -> None:
    admin = next(
        user for user in cast.people.values() if application.organisation_id in user.scope.admin_units
    )
    pledged = Signed(pledged=True)
    applications.unit_approve(application=application, signed=pledged, by=admin, at=at, note="同意申报。")


def recommender_of(application: Application, cast: Cast):
    region = application.organisation.region
    return next(
        user for user in cast.people.values() if any(region.startswith(own) for own in user.scope.regions)
    )


def recommend(application: Application, *, cast: Cast, at: datetime) -> None:
    opinion = "经审核，申报材料真实，符合园区主导产业方向，同意推荐。"
    by = recommender_of(application, cast)
    applications.recommend(application=application, opinion=opinion, by=by, at=at)


def examine(application: Application, *, cast: Cast, at: datetime) -> None:
    """The formal check: every line that waits for a person is settled, then the application passes."""
    by = cast.people["manager"]
    for line in queries.unresolved(application):
        if line.final_status in (RuleStatus.MANUAL, RuleStatus.REQUIRES_DATA):
            applications.officer_mark(
                rule_result=line, status=RuleStatus.PASSED, note="已核查，符合。", by=by, at=at
            )
    applications.pass_formal_check(application=application, by=by, at=at)
