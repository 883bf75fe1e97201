"""What a pack says of facilities that are filed by its call (备案平台)."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from desk.packs.part import Days, Part
from desk.packs.values import Clause, Code, Maybe60, Number, Words60, month_day, month_day_hour
from facilities.models import FacilityKind

MonthDay = Annotated[str, AfterValidator(month_day)]
MonthDayHour = Annotated[str, AfterValidator(month_day_hour)]


class ServicePart(Part):
    """One service of the catalogue (服务目录); an application's choices of the same codes are taken over."""

    code: Code
    name: Words60
    name_en: Maybe60 = ""


class ReportLinePart(Part):
    """One figure of the yearly self-report."""

    code: Code
    name: Words60
    unit: Maybe60 = ""
    name_en: Maybe60 = ""
    unit_en: Maybe60 = ""


class GradePart(Part):
    """One grade, from this score on; the scores below the pass mark are 不合格."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    mark: Annotated[Number, Field(ge=0, le=100)]
    name_en: Maybe60 = ""


class FacilitiesPart(Part):
    """What is filed by this call (备案平台), and its yearly cycle; months and days of every year."""

    kind: FacilityKind
    services: Annotated[list[ServicePart], Field(min_length=1)]
    indicators: list[ReportLinePart] = Field(default_factory=list)
    every_years: Annotated[int, Field(ge=1, le=10)] = 1
    """How many years lie between two evaluations; the period of the data is as long."""
    valid_years: Annotated[int, Field(ge=1, le=30)] | None = None
    """How long a filing holds; without it, it does not end."""
    data_from: MonthDay
    data_to: MonthDay
    report_opens: MonthDayHour
    report_closes: MonthDayHour
    """Before the opening: in the year after it."""
    district_check: bool = True
    check_days: Days = 5
    return_days: Days = 5
    score_days: Days = 20
    pass_mark: Annotated[Number, Field(ge=1, le=100)] = Decimal(60)
    grades: Annotated[list[GradePart], Field(min_length=1)]
    publicity_days: Days = 5
    rectify_months: Annotated[int, Field(ge=1, le=60)] = 12
    failures_until_removal: Annotated[int, Field(ge=1, le=9)] = 2
    removal_days: Days = 10
    clause: Clause = ""
