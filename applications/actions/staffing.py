"""A running project under other people or another title (变更); what was handed in stays as it was sealed."""

from collections.abc import Collection, Mapping
from datetime import date

from django.db.models import Max
from django.utils.translation import gettext as _

from applications import completeness
from applications.models import Application, Participant, ParticipantRole
from applications.states import ApplicationState
from core.workflow import Refused
from grants.person_roles import settled

PI = ParticipantRole.PI


def change_people(
    *, application: Application, leave: Collection[int], join: Collection[Mapping], on: date
) -> None:
    """Those who leave are of the project no more, those who join are, from that day on.

    `leave`: ids of participants; `join`: `completeness.PERSON_FIELDS` by name. One leader stays.
    Raises Refused naming the first fault.
    """
    _check_runs(application)
    call = application.call
    people = [
        completeness.written_person(dict(person))
        | {"position": settled(call, leads=person["role"] == PI, position=person.get("position") or "")}
        for person in join
    ]
    for index, person in enumerate(people):
        for name, sentence in completeness.person_faults(person):
            raise Refused(sentence, field=f"{index}-{name}")
    rows = Participant.objects.current().filter(application=application)
    before = _role_faults(application, rows)
    if rows.filter(pk__in=leave).update(left_date=on) != len(leave):
        raise Refused(_("退出的人员已经不在项目里，请刷新后再看。"), field="leave")
    last = Participant.objects.filter(application=application).aggregate(last=Max("order"))["last"] or 0
    Participant.objects.bulk_create(
        Participant(application=application, order=order, joined_date=on, **person)
        for order, person in enumerate(people, start=last + 1)
    )
    if call.asks_participants and rows.filter(role=PI).count() != 1:
        raise Refused(_("变更后须有且只有一名项目负责人。"), field="join")
    for sentence in _role_faults(application, rows) - before:
        raise Refused(sentence, field="join")


def _role_faults(application: Application, rows) -> set[str]:
    people = list(rows.values(*completeness.PERSON_FIELDS))
    return {
        f"{who}：{sentence}"
        for who, _clause, sentence, *_place in completeness.role_faults(application, people)
    }


def rename(*, application: Application, title: str) -> None:
    """Raises Refused."""
    _check_runs(application)
    application.title = title
    application.save(update_fields=["title"])


def _check_runs(application: Application) -> None:
    if application.state != ApplicationState.AWARDED:
        raise Refused(_("只有已立项的项目可以变更。"), code="not_allowed")
