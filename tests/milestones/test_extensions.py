"""More time for a project (延期): asked in time, within the notice's limits, moving every clock at once."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.roles import UnitRole
from applications.queries.limits import status_of
from awards.models import Agreement
from awards.notifications import completed
from core.calendar import end_of_day
from core.workflow import Refused
from milestones import actions, extending
from milestones.models import Extension, Milestone
from milestones.states import EXTENSION, ExtensionState
from notifications import sweep
from notifications.actions import lapse_rights
from notifications.models import Deadline, DeadlineKind, Message
from tests.factories.accounts import member_of
from tests.factories.milestones import (
    ANNUAL,
    AT,
    PEOPLE,
    agreement,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)
from tests.factories.notifications import OF_PROJECTS, drifts

END, NEW_END = date(2028, 8, 31), date(2029, 3, 31)


def clock(subject, kind):
    return Deadline.objects.open().filter(
        content_type__model=type(subject)._meta.model_name, object_id=subject.pk, kind=kind
    )


def ask(found, *, by, at=AT, ends_date=NEW_END, shifts=None, reason="海试窗口推迟", admin=None):
    """A request that the unit has passed on."""
    extension = actions.ask(
        agreement=found, ends_date=ends_date, shifts=shifts or {}, reason=reason, by=by, at=at
    )
    if extension.state == ExtensionState.UNIT_REVIEW:
        admin = admin or member_of(found.award.application.organisation, UnitRole.ADMIN)
        actions.pass_on(extension=extension, opinion="", by=admin, at=at)
    return extension


def drifted(at=AT):
    return drifts(*OF_PROJECTS, at=at)


pytestmark = pytest.mark.django_db


def test_the_last_day_to_ask_is_known_with_the_agreement_and_lapses(project):
    found, _people = project
    deadline = clock(found, DeadlineKind.EXTENSION).get()
    assert deadline.due_at == end_of_day(date(2028, 5, 31)), "three months before the end"
    assert "2028-08-31" in str(deadline.explanation)
    assert "3 个月" in str(deadline.explanation)
    told = sweep.sweep(at=deadline.due_at - timedelta(days=30))
    assert told
    assert Message.objects.filter(template="notifications/reminder", context__kind="extension").exists()
    after = deadline.due_at + timedelta(seconds=1)
    lapse_rights(at=after)
    assert not clock(found, DeadlineKind.EXTENSION).exists()
    assert [line for line in drifted(after) if "extension" in line] == []
    with pytest.raises(Refused, match="2028-05-31"):
        ask(found, by=_people["team"], at=after)


def test_an_approval_moves_every_clock_in_one_transaction(project):
    found, people = project
    final = milestone_of(found, "final")
    extension = ask(found, by=people["team"], shifts={final.pk: date(2028, 11, 30)})
    assert not clock(found, DeadlineKind.EXTENSION).exists()
    assert clock(extension, DeadlineKind.EXTENSION_DECISION).exists()
    assert drifted() == []
    actions.approve(extension=extension, opinion="同意", by=people["manager"], at=AT)
    found.refresh_from_db()
    final.refresh_from_db()
    assert (found.ends_date, found.signed_ends_date) == (NEW_END, END)
    assert final.due_date == date(2028, 11, 30)
    assert clock(found, DeadlineKind.PROJECT_END).get().due_at == end_of_day(NEW_END)
    moved = clock(final, DeadlineKind.MILESTONE).get()
    assert moved.due_at == end_of_day(date(2028, 11, 30))
    assert "延期" in str(moved.explanation)
    assert clock(milestone_of(found), DeadlineKind.MILESTONE).get().due_at == end_of_day(date(2027, 3, 31))
    assert not clock(found, DeadlineKind.EXTENSION).exists(), "the notice grants one extension"
    told = Message.objects.get(template="milestones/extension_decided", recipient=people["team"])
    assert told.context["new"] == "2029-03-31"
    assert drifted() == []
    with pytest.raises(Refused, match="最多延期 1 次"):
        ask(found, by=people["team"], ends_date=date(2029, 6, 30))


def test_a_refusal_or_a_withdrawal_leaves_the_plan_and_opens_the_right_again(project):
    found, people = project
    first = ask(found, by=people["unit_admin"])
    with pytest.raises(Refused, match="等待审批"):
        ask(found, by=people["team"])
    with pytest.raises(Refused, match="理由"):
        actions.refuse(extension=first, opinion=" ", by=people["manager"], at=AT)
    actions.refuse(extension=first, opinion="理由不充分", by=people["manager"], at=AT)
    assert clock(found, DeadlineKind.EXTENSION).exists()
    second = ask(found, by=people["team"])
    actions.withdraw(extension=second, by=people["team"], at=AT)
    assert clock(found, DeadlineKind.EXTENSION).exists()
    found.refresh_from_db()
    assert (found.ends_date, found.signed_ends_date) == (END, None)
    with pytest.raises(Refused):
        actions.approve(extension=second, opinion="", by=people["manager"], at=AT)
    assert drifted() == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"ends_date": END}, "ends_date"),
        ({"ends_date": date(2029, 9, 1)}, "ends_date"),
        ({"reason": " "}, "reason"),
        ({"shifts": date(2027, 3, 31)}, "shift"),
        ({"shifts": date(2029, 4, 1)}, "shift"),
    ],
)
def test_terms_outside_the_limits_are_refused_by_field(project, terms, field):
    found, people = project
    if "shifts" in terms:
        terms = {"shifts": {milestone_of(found).pk: terms["shifts"]}}
    with pytest.raises(Refused) as refused:
        ask(found, by=people["team"], **terms)
    assert refused.value.field.startswith(field)


def test_who_may_ask_and_who_may_decide(project):
    found, people = project
    people.all()
    can = {name for name in PEOPLE if extending.can_ask(people[name], found, at=AT, requests=[])}
    assert can == {"team", "unit_admin"}
    extension = ask(found, by=people["team"])
    assert {name for name in PEOPLE if extending.can_decide(people[name], extension)} == {"manager"}
    assert {name for name in PEOPLE if extending.can_withdraw(people[name], extension)} == can
    seen = {name for name in PEOPLE if Extension.objects.visible_to(people[name]).exists()}
    assert seen == {
        "team",
        "unit_admin",
        "unit_finance",
        "demander",
        "manager",
        "leader",
        "finance",
        "auditor",
    } | {"district"}


def test_the_database_holds_the_promise_against_everybody_else(project):
    found, people = project
    final = milestone_of(found, "final")
    extension = ask(found, by=people["team"], shifts={final.pk: date(2028, 11, 30)})
    attacks = [
        lambda: Agreement.objects.filter(pk=found.pk).update(ends_date=NEW_END),
        lambda: Agreement.objects.filter(pk=found.pk).update(
            ends_date=date(2028, 1, 1), signed_ends_date=END
        ),
        lambda: Milestone.objects.filter(pk=final.pk).update(due_date=date(2028, 11, 30)),
        lambda: Extension.objects.filter(pk=extension.pk).update(ends_date=date(2030, 1, 1)),
        lambda: Extension.objects.filter(pk=extension.pk).update(state="approved"),
        lambda: extension.shifts.update(to_date=date(2028, 12, 1)),
        lambda: extension.delete(),
        lambda: Extension.objects.create(
            agreement=found,
            old_ends_date=END,
            ends_date=NEW_END,
            reason="x",
            submitted_by=people["team"],
            submitted_at=AT,
        ),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    actions.approve(extension=extension, opinion="", by=people["manager"], at=AT)
    for attack in (
        lambda: Milestone.objects.filter(pk=final.pk).update(name="别的"),
        lambda: Milestone.objects.filter(pk=final.pk).update(due_date=date(2029, 1, 1)),
        lambda: Extension.objects.filter(pk=extension.pk).update(opinion="改"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()


def test_a_returned_milestone_keeps_its_longer_clock_and_a_handed_in_one_its_day(project):
    found, people = project
    prototype, final = milestone_of(found), milestone_of(found, "final")
    extension = ask(
        found, by=people["team"], shifts={prototype.pk: date(2027, 6, 30), final.pk: date(2028, 6, 30)}
    )
    hand_in(prototype, by=people["team"])
    actions.approve(extension=extension, opinion="", by=people["manager"], at=AT)
    prototype.refresh_from_db()
    assert prototype.due_date == date(2027, 3, 31), "handed in already"
    assert drifted() == []


def test_a_finished_project_needs_no_more_time(project):
    found, people = project
    extension = ask(found, by=people["team"])
    actions.project_ended(agreement=found, by=people["manager"], at=AT)
    completed(found, by=people["manager"], at=AT)
    extension.refresh_from_db()
    assert extension.state == ExtensionState.WITHDRAWN
    assert not Deadline.objects.open().filter(kind__startswith="extension", object_id=extension.pk).exists()


def test_pages_ask_show_and_decide(project, client):
    found, people = project
    final = milestone_of(found, "final")
    address = f"/milestones/projects/{found.pk}/extension/"
    client.force_login(people["stranger"])
    assert client.get(address).status_code == 404
    client.force_login(people["manager"])
    assert client.get(address).status_code == 403
    client.force_login(people["team"])
    typed = {"ends_date": "2031-01-01", "reason": "海试窗口推迟", f"shift_{final.pk}": ""}
    answer = client.post(address, typed)
    assert answer.status_code == 422
    assert "海试窗口推迟" in answer.content.decode()
    answer = client.post(address, typed | {"ends_date": "2029-03-31", f"shift_{final.pk}": "2028-11-30"})
    extension = Extension.objects.get()
    assert answer.headers["Location"] == f"/milestones/extensions/{extension.pk}/"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "2028-11-30" in page
    assert "撤回申请" in page
    assert client.post(f"/milestones/extensions/{extension.pk}/", {"do": "pass"}).status_code == 403
    client.force_login(people["manager"])
    assert "去审批" not in client.get(f"/milestones/extensions/{extension.pk}/").content.decode()
    client.force_login(people["unit_admin"])
    own = f"/milestones/extensions/{extension.pk}/"
    assert "通过并提交主管处室" in client.get(own).content.decode()
    assert client.post(own, {"do": "return", "opinion": ""}).status_code == 422
    assert client.post(own, {"do": "pass", "opinion": "同意"}).status_code == 302
    client.force_login(people["team"])
    assert "已有一份延期申请等待审批" in client.get(address).content.decode()
    client.force_login(people["manager"])
    assert "去审批" in client.get(f"/milestones/extensions/{extension.pk}/").content.decode()
    assert client.post(f"/milestones/extensions/{extension.pk}/").status_code == 403
    desk = f"/admin/milestones/extension/{extension.pk}"
    button = reverse("admin:milestones_extension_approve", args=[extension.pk])
    assert client.get("/admin/milestones/extension/").status_code == 200
    assert client.get(f"{desk}/change/").status_code == 200
    done = client.post(button, {"opinion": "同意"}, follow=True)
    assert done.status_code == 200
    found.refresh_from_db()
    assert found.ends_date == NEW_END
    assert "签订时至 2028-08-31" in client.get(f"/projects/{found.pk}/").content.decode()


def test_the_unit_passes_a_request_on_or_returns_it_before_the_officers_clock_runs(project, client):
    found, people = project
    people.all()
    asked = {"agreement": found, "ends_date": NEW_END, "shifts": {}, "reason": "海试窗口推迟"}
    first = actions.ask(**asked, by=people["team"], at=AT)
    assert clock(first, DeadlineKind.EXTENSION_REVIEW).get().due_at > AT
    assert Deadline.objects.owed_by(people["unit_admin"]).filter(kind="extension_review").exists()
    assert not clock(first, DeadlineKind.EXTENSION_DECISION).exists()
    assert {name for name in PEOPLE if extending.can_review(people[name], first)} == {"unit_admin"}
    assert drifted() == []
    with pytest.raises(Refused, match="待单位审核"):
        actions.approve(extension=first, opinion="", by=people["manager"], at=AT)
    with pytest.raises(Refused, match="等待审批"):
        actions.ask(**asked, by=people["team"], at=AT)
    actions.return_to_team(extension=first, opinion="先补实验记录", by=people["unit_admin"], at=AT)
    assert clock(found, DeadlineKind.EXTENSION).exists()
    assert Message.objects.filter(recipient=people["team"], context__outcome="returned").exists()
    second = actions.ask(**asked, by=people["unit_admin"], at=AT)
    assert second.state == ExtensionState.SUBMITTED, "the administrator's own request needs no review"
    actions.refuse(extension=second, opinion="理由不充分", by=people["manager"], at=AT)
    third = actions.ask(**asked, by=people["team"], at=AT)
    actions.withdraw(extension=third, by=people["team"], at=AT)
    assert not Deadline.objects.open().filter(kind__startswith="extension_").exists()
    assert drifted() == []
    for wrong in ({"unit_at": AT}, {"state": "returned"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Extension.objects.filter(pk=third.pk).update(**wrong)
    client.force_login(people["team"])
    page = client.get(f"/projects/{found.pk}/").content.decode()
    assert "先补实验记录" in page
    assert "理由不充分" in page


def test_every_move_of_the_table_and_no_other():
    assert EXTENSION.final_states() == {"approved", "refused", "withdrawn", "returned"}


def test_what_is_due_after_the_end_follows_it_and_the_project_is_overdue_only_then():
    templates = (
        {"code": "mid", "name": "样机", "offset_months": 6},
        {"code": "final", "name": "验收", "months_after_end": 3},
    )
    found = agreement(call=project_call(templates=templates, plan=()))
    people, final = people_of(found), milestone_of(found, "final")
    assert final.due_date == date(2028, 11, 30)
    with pytest.raises(Refused, match="尚未提交材料"):
        ask(found, by=people["team"], shifts={final.pk: date(2029, 3, 1)})
    extension = ask(found, by=people["team"])
    actions.approve(extension=extension, opinion="", by=people["manager"], at=AT)
    final.refresh_from_db()
    assert final.due_date == date(2029, 6, 30)
    assert clock(final, DeadlineKind.MILESTONE).get().due_at == end_of_day(date(2029, 6, 30))
    application = found.award.application
    application.refresh_from_db()
    seen = {day: status_of(application, as_of=day) for day in (date(2029, 6, 30), date(2029, 7, 1))}
    assert list(seen.values()) == ["running", "overdue"]
    assert drifted() == []


def test_the_added_years_bring_their_reports():
    found = agreement(call=project_call(templates=(ANNUAL,), plan=()))
    people = people_of(found)
    before = set(Milestone.objects.filter(agreement=found).values_list("code", flat=True))
    extension = ask(found, by=people["team"])
    actions.approve(extension=extension, opinion="", by=people["manager"], at=AT)
    added = Milestone.objects.filter(agreement=found).exclude(code__in=before).get()
    assert added.code == "annual-2028"
    assert clock(added, DeadlineKind.MILESTONE).exists()
    assert drifted() == []
