"""Filed facilities (备案平台): the terms of their call, what they serve, how they do year by year."""

from facilities.models.evaluations import AnnualEvaluation
from facilities.models.facilities import Facility, ServiceCase
from facilities.models.schemes import (
    UNQUALIFIED,
    FacilityKind,
    FacilityScheme,
    Window,
    validate_month_day_hour,
)

__all__ = [
    "UNQUALIFIED",
    "AnnualEvaluation",
    "Facility",
    "FacilityKind",
    "FacilityScheme",
    "ServiceCase",
    "Window",
    "validate_month_day_hour",
]
