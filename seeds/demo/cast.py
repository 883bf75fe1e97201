"""The people and organisations of the demo."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.hashers import make_password
from ruamel.yaml import YAML

from accounts.actions import assign_role, record_integrity
from accounts.models import FactKind, Membership, Organisation, OrganisationFact, User
from accounts.roles import Role
from reviews.models import Expert
from seeds.codes import make_credit_code, make_id_number

HERE = Path(__file__).parent
PASSWORD = "jiebang-demo"  # noqa: S105
NUMBERS = (FactKind.STAFF, FactKind.RD_SPEND, FactKind.REVENUE)
LASTING = (*NUMBERS, FactKind.PARK, FactKind.LICENCE)
INSTITUTIONS = ("government", "university", "institute", "park")
KNOWN_SINCE = 900
"""Facts of the demo began so many days ago: earlier than any call of the demo opens."""
FIRST_CODE = 810_000
FIRST_ID = 100


def read(name: str) -> dict:
    """A YAML file of the demo as plain values."""
    return YAML(typ="safe").load((HERE / name).read_text(encoding="utf-8"))


@dataclass
class Cast:
    """Everybody by key (organisations) and login (people)."""

    units: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    details: dict[str, dict] = field(default_factory=dict)

    def person(self, login: str, role: str = "member", months: int = 8) -> dict:
        """A person of the demo as a participant of an application."""
        detail, user = self.details[login], self.people[login]
        unit = self.units[detail["unit"]]
        birth = f"{detail['born']}0615"
        number = make_id_number(FIRST_ID + list(self.details).index(login), birth, unit.region)
        return {
            "role": role,
            "name": user.name,
            "id_number": number,
            "birth_date": date(detail["born"], 6, 15),
            "title": detail.get("title", ""),
            "organisation_name": unit.name,
            "credit_code": unit.credit_code,
            "months_per_year": Decimal(months),
            "task": "总体负责" if role == "pi" else "实验与测试",
        }


def known() -> Cast:
    """The cast as it stands in the database, after `assemble`."""
    data = read("cast.yaml")
    codes = {row["key"]: code for row, code in _coded(data)}
    units = {unit.credit_code: unit for unit in Organisation.objects.filter(credit_code__in=codes.values())}
    people = {user.username: user for user in User.objects.filter(username__in=_logins(data))}
    return Cast(
        units={key: units[code] for key, code in codes.items()},
        people=people,
        details={row["login"]: row for row in data["people"]},
    )


def is_assembled() -> bool:
    _row, code = next(_coded(read("cast.yaml")))
    return Organisation.objects.filter(credit_code=code).exists()


def assemble(*, today: date, at) -> Cast:
    """Make everybody, as they joined at `at`; certificates hold until after `today`.

    Offices and integrity records go through the actions of accounts.
    """
    data = read("cast.yaml")
    cast = Cast(details={row["login"]: row for row in data["people"]})
    for row, code in _coded(data):
        cast.units[row["key"]] = _organisation(row, code, cast, today)
    # One hash for all: hashing forty times takes longer than the rest of the demo.
    password = make_password(PASSWORD)
    for number, row in enumerate(data["people"]):
        cast.people[row["login"]] = _person(row, number, password)
    for row in data["people"]:
        _place(row, cast, at)
    for row in data["organisations"]:
        if "record" in row:
            record_integrity(
                organisation=cast.units[row["key"]],
                reason=row["record"],
                source="琴岛市科研诚信数据库（示例）",
                valid_from=today - timedelta(days=KNOWN_SINCE),
                valid_to=today + timedelta(days=500),
                by=cast.people["supervision"],
                at=at,
            )
    return cast


def _logins(data) -> list[str]:
    return [row["login"] for row in data["people"]]


def _coded(data):
    for number, row in enumerate(data["organisations"], start=FIRST_CODE):
        entity = "12" if row.get("kind", "enterprise") in INSTITUTIONS else "91"
        yield row, make_credit_code(number, row["region"], entity)


def _organisation(row: dict, code: str, cast: Cast, today: date) -> Organisation:
    unit = Organisation.objects.create(
        name=row["name"],
        credit_code=code,
        kind=row.get("kind", "enterprise"),
        region=row["region"],
        address=row.get("address", ""),
        legal_representative=row.get("legal", ""),
        registered_date=row.get("founded"),
        parent=cast.units.get(row.get("parent")),
    )
    since = today - timedelta(days=KNOWN_SINCE)
    OrganisationFact.objects.bulk_create(
        OrganisationFact(
            organisation=unit,
            kind=kind,
            text="" if kind in NUMBERS else value,
            number=Decimal(value) if kind in NUMBERS else None,
            valid_from=since,
            valid_to=None if kind in LASTING else today + timedelta(days=400),
            source="示例数据",
        )
        for kind, value in {FactKind.LICENCE: code, **row.get("facts", {})}.items()
    )
    return unit


def _person(row: dict, number: int, password: str) -> User:
    return User.objects.create(
        username=row["login"],
        name=row["name"],
        email=f"{row['login']}@jiebang.example",
        phone=f"1385320{number:04d}",
        password=password,
        is_superuser=row.get("office") == Role.SYSADMIN,
        is_staff=row.get("office") == Role.SYSADMIN,
    )


def _place(row: dict, cast: Cast, at) -> None:
    user = cast.people[row["login"]]
    Membership.objects.bulk_create(
        Membership(user=user, organisation=cast.units[row["unit"]], role=role) for role in row.get("as", [])
    )
    if "office" in row:
        for unit in row.get("at", [None]):
            assign_role(
                user=user,
                role=row["office"],
                organisation=cast.units.get(unit),
                region=row.get("region", ""),
                by=cast.people["sysadmin"],
                at=at,
            )
    if "expert_of" in row:
        Expert.objects.create(
            user=user, organisation=cast.units[row["expert_of"]], field=row["field"], title=row["title"]
        )
