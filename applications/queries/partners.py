"""Partner units (合作单位) of an application: who is invited, what their part is, whether it is confirmed."""

from typing import NamedTuple

from accounts.countries import HOME, name_of
from accounts.models import Organisation
from applications.models import Application, Partner
from applications.queries.budget import partner_units
from applications.queries.versions import version_of

PERSON = (
    "role",
    "name",
    "id_kind",
    "id_number",
    "id_country",
    "birth_date",
    "title",
    "organisation_name",
    "country",
    "credit_code",
    "months_per_year",
    "task",
)


class Standing(NamedTuple):
    """One partner unit as the team sees it."""

    code: str
    name: str
    organisation: Organisation | None
    partner: Partner | None
    is_confirmed: bool
    is_stale: bool
    """Confirmed once; what stands there now is another text."""
    country: str = ""
    """The name of the country or region of a unit abroad: the lead unit answers for it."""


def partners(application: Application) -> list[Standing]:
    """The units of participants beside the lead unit, invited or not, and those invited; six queries."""
    invited = {row.organisation.credit_code: row for row in _invited(application)}
    units = partner_units(application)
    units.pop(application.organisation.credit_code, None)
    names = units | {code: row.organisation.name for code, row in invited.items() if code not in units}
    if not names:
        return []
    known = {row.credit_code: row for row in Organisation.objects.filter(credit_code__in=list(names))}
    versions = part_versions(application)
    away = application.participants.exclude(country=HOME).values_list("unit_key", "country")
    countries = {key: name_of(country) for key, country in away}
    found = []
    for code, name in names.items():
        partner = invited.get(code)
        confirmed = bool(partner and partner.confirmed)
        same = confirmed and partner.confirmed == versions(partner)
        found.append(
            Standing(
                code, name, known.get(code), partner, same, confirmed and not same, countries.get(code, "")
            )
        )
    return found


def _invited(application):
    return application.partners.select_related("organisation", "confirmed_by").order_by("pk")


def part_versions(application: Application):
    """A function that says which version of its part stands there for a partner; two queries at most."""
    people = list(application.participants.values(*PERSON))
    lines = list(application.budget_lines.values("category__code", "source__code", "year", "unit", "amount"))

    def version(partner: Partner) -> str:
        code = partner.organisation.credit_code
        part = {
            "task": partner.task,
            "people": [person for person in people if person["credit_code"] == code],
            "budget": sorted((line for line in lines if line["unit"] == code), key=str),
        }
        return version_of(part)

    return version


def partner_of(application: Application, user) -> Partner | None:
    """The partner unit for which a person may write, if any."""
    return _invited(application).filter(organisation_id__in=user.scope.units).first()


def partnered(user, *, limit: int = 20) -> list[Partner]:
    """Invitations to units of a person, newest first."""
    rows = Partner.objects.filter(organisation_id__in=user.scope.units)
    related = rows.select_related("application__call", "application__organisation", "organisation")
    return list(related.order_by("-pk")[:limit])
