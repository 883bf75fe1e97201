"""Keep the indexes of numbers that count only once, and of people named, in step with what is sealed."""

from collections.abc import Collection

from applications import queries
from applications.models import Application, ListedPerson, UsedNumber
from grants.models import Question

MOST_OF_COLUMN = UsedNumber._meta.get_field("column").max_length


def keep_numbers(
    *,
    application: Application,
    asked: Collection[Question],
    answers: list[dict],
    milestone: int | None = None,
    place: str = "",
) -> None:
    """The numbers of a form that has just been sealed take the place of those of its last version."""
    if not queries.asks_for_numbers(asked):
        return
    stored = {answer["code"]: answer["value"] for answer in answers}
    UsedNumber.objects.filter(application=application, milestone=milestone).delete()
    UsedNumber.objects.bulk_create(
        UsedNumber(
            application=application,
            milestone=milestone,
            place=place,
            kind=number.kind,
            value=number.value,
            printed=number.printed,
            question=number.question,
            column=number.column[:MOST_OF_COLUMN],
            row=number.row,
        )
        for number in queries.numbers_in(asked, stored)
    )


def keep_people(*, application: Application, asked: Collection[Question], answers: list[dict]) -> None:
    """The people whom the form names by number, as it has just been sealed."""
    if not queries.asks_for_people(asked):
        return
    stored = {answer["code"]: answer["value"] for answer in answers}
    ListedPerson.objects.filter(application=application).delete()
    ListedPerson.objects.bulk_create(
        ListedPerson(application=application, key=one.key, question=one.question, row=one.row)
        for one in queries.listed_in(asked, stored)
    )
