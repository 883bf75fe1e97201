"""A made-up unit with a record, so that the preview shows what questions take from one. Never stored."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.kinds import CERTIFICATES, NUMBERS, FactKind, ShareholderKind
from accounts.models import BankAccount, Organisation, OrganisationFact, Shareholder
from accounts.models.people import OrganisationKind
from applications import queries, questions
from applications.actions import holding
from applications.models import Answer, Application
from core.calendar import local_date

CREDIT_CODE = "910000000000000000"
FIGURE = Decimal(12_340_000)
PEOPLE = {FactKind.STAFF: Decimal(120), FactKind.RD_STAFF: Decimal(36)}
LASTS = timedelta(days=1095)


def unit() -> Organisation:
    """For a transaction that is rolled back."""
    return Organisation.objects.create(
        name=_("示例单位"),
        credit_code=CREDIT_CODE,
        kind=OrganisationKind.ENTERPRISE,
        region="110101",
        address=_("示例路 1 号"),
        legal_representative=_("示例法人"),
        registered_date=date(2018, 6, 1),
    )


def fill(application: Application, asked: list, *, by, at) -> None:
    """Give the sample unit what these questions take, and put that into the draft as a new draft gets it."""
    names = {name: question for question in asked if (name := questions.recorded_name(question))}
    if not names:
        return
    organisation, day = application.organisation, local_date(at)
    facts = [
        _fact(organisation, kind, _years(asked, kind, application.call.year, day), day)
        for kind in FactKind
        if kind in names or (kind in CERTIFICATES[:2] and questions.CERTIFICATES in names)
    ]
    OrganisationFact.objects.bulk_create(fact for of_kind in facts for fact in of_kind)
    written = {"organisation": organisation, "recorded_by": by, "recorded_at": at}
    if questions.ACCOUNT in names:
        BankAccount.objects.create(
            holder=organisation.name, bank=_("示例银行"), number="6200000000001234", valid_from=day, **written
        )
    if questions.SHAREHOLDERS in names:
        for name, kind, percent in (
            (_("示例股东甲"), ShareholderKind.PERSON, 60),
            (_("示例股东乙"), ShareholderKind.ENTERPRISE, 40),
        ):
            Shareholder.objects.create(as_of_date=day, name=name, kind=kind, percent=percent, **written)
    known = queries.recorded(application, asked, on=day)
    holding.upsert(
        [
            Answer(
                application=application,
                question=question,
                value=known[question.code].value,
                saved_at=at,
                saved_by=by,
            )
            for question in asked
            if question.code in known
        ]
    )


def _years(asked: list, kind: str, year: int, day: date) -> set[int]:
    """The years whose figure a question takes; the last one for those that take the latest."""
    taking = [question for question in asked if questions.recorded_name(question) == kind]
    return {questions.record_year(question, year) or day.year - 1 for question in taking} or {day.year - 1}


def _fact(organisation, kind: str, years: set[int], day: date) -> list[OrganisationFact]:
    said = {"organisation": organisation, "kind": kind, "source": _("示例")}
    if kind in NUMBERS:
        number = PEOPLE.get(kind, FIGURE)
        return [
            OrganisationFact(number=number, valid_from=min(date(one, 1, 1), day), **said) for one in years
        ]
    until = day + LASTS if kind in CERTIFICATES else None
    return [OrganisationFact(text=_("示例 0001"), valid_from=day, valid_to=until, **said)]
