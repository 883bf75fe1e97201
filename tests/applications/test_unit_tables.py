"""The stamped summary table of a unit or a recommender: one file for all that it lists, in by its moment."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions, letters, queries, tasks
from applications.models import StampedTable
from core import calendar
from core.workflow import Refused
from documents.models import Document
from grants import system_rules
from grants.models import RECOMMENDER_TABLE_RULE, TABLE_RULE, Call
from notifications import obligations
from notifications.models import Deadline, DeadlineKind
from seeds.demo import paper
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def stamped_call(**fields):
    """Published: each unit sends its stamped table within three working days of the closing."""
    call = CallFactory(draft=True, **{"table_days": 3, "table_clause": "第四条"} | fields)
    system_rules.write(call=call)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    return Call.objects.get(pk=call.pk)


def statuses(*applications, rule=TABLE_RULE):
    return [row.rule_results.get(rule__code=rule).status for row in applications]


def send_table(client, table, content=None):
    content = content or paper.pdf("stamped")
    address = reverse("applications:stamped_table", args=[table.pk])
    return client.post(address, {"table": ContentFile(content, name="汇总表.pdf")}, follow=True)


def test_the_stamped_table_settles_the_lines_of_the_whole_unit_until_the_next_one_is_handed_in(client):
    call = stamped_call()
    first = submitted(call=call)
    second, other = submitted(call=call, organisation=first.organisation), submitted(call=call)
    table = StampedTable.objects.get(organisation=first.organisation)
    clocks = Deadline.objects.filter(kind=DeadlineKind.UNIT_TABLE)
    assert clocks.filter(state="open").count() == 2
    clock = clocks.get(object_id=table.pk)
    assert (clock.due_at, "第四条" in str(clock.explanation)) == (calendar.due(call.closes_at, 3), True)
    assert list(clock.obligors.values_list("organisation", "unit_role")) == [
        (first.organisation_id, UnitRole.ADMIN)
    ]
    client.force_login(first.created_by)
    assert send_table(client, table).status_code == 404
    client.force_login(member_of(other.organisation, UnitRole.ADMIN))
    assert send_table(client, table).status_code == 404
    client.force_login(member_of(first.organisation, UnitRole.ADMIN))
    send_table(client, table, b"plain")
    assert statuses(first, second) == ["manual", "manual"]
    assert "汇总表.pdf" in send_table(client, table).content.decode()
    assert statuses(first, second, other) == ["passed", "passed", "manual"]
    clock.refresh_from_db()
    assert clock.state == "met"
    third = submitted(call=call, organisation=first.organisation)
    assert statuses(first, third) == ["passed", "manual"]
    assert clocks.get(object_id=table.pk, state="open").due_at == clock.due_at
    assert list(obligations.check(at=timezone.now())) == []
    file = Document.objects.get()
    actions.unit_approve(application=first, by=None, at=timezone.now())
    region = first.organisation.region or "3702"
    for reader, sees in (
        (officer(organisation=call.programme.department), True),
        (officer(Role.RECOMMENDER, OrganisationFactory(), region=region), True),
        (officer(Role.RECOMMENDER, OrganisationFactory(), region="990000"), False),
        (other.created_by, False),
    ):
        assert Document.objects.visible_to(reader).filter(pk=file.pk).exists() is sees
    client.force_login(officer(organisation=call.programme.department))
    desk = client.get(reverse("admin:applications_application_change", args=[first.pk])).content.decode()
    assert "汇总表.pdf" in desk


def test_a_table_that_did_not_come_fails_every_line_and_nobody_waits_for_what_went_back(client):
    call = stamped_call()
    first = submitted(call=call)
    second = submitted(call=call, organisation=first.organisation)
    clock, now = Deadline.objects.get(kind=DeadlineKind.UNIT_TABLE), timezone.now()
    for row in (first, second):
        actions.withdraw(application=row, reason="另行申报", by=row.created_by, at=now)
        clock.refresh_from_db()
        assert clock.state == ("open" if row == first else "cancelled")
    third = submitted(call=call, organisation=first.organisation)
    Deadline.objects.filter(state="open", kind=DeadlineKind.UNIT_TABLE).update(
        due_at=now - timedelta(seconds=1)
    )
    tasks.lapse_scans()
    tasks.lapse_scans()
    assert statuses(third) == ["failed"]
    table = StampedTable.objects.get()
    client.force_login(member_of(first.organisation, UnitRole.ADMIN))
    assert "逾期不再接收" in send_table(client, table).content.decode()
    assert "逾期未上传" in client.get(reverse("applications:unit_reviews")).content.decode()
    assert not Deadline.objects.filter(kind=DeadlineKind.UNIT_TABLE, state="open").exists()


def test_what_an_office_recommends_waits_for_its_stamped_table(client):
    now, bureau = timezone.now(), OrganisationFactory()
    asks = {"recommender_table_days": 2, "recommender_table_clause": "第五条"}
    call = stamped_call(table_days=None, recommender_closes_at=now + timedelta(days=60), **asks)
    by = officer(Role.RECOMMENDER, bureau, region="370212")
    stranger = officer(Role.RECOMMENDER, OrganisationFactory(), region="370203")
    unit = OrganisationFactory(region="370212")
    first, second = (submitted(call=call, organisation=unit) for _n in range(2))
    for row in (first, second):
        actions.unit_approve(application=row, by=None, at=now)
    assert not StampedTable.objects.exists()

    def judged():
        return statuses(first, second, rule=RECOMMENDER_TABLE_RULE)

    def running():
        return clocks.filter(state="open").exists()

    actions.recommend(application=first, opinion="同意", by=by, at=now)
    table = StampedTable.objects.get()
    clocks = Deadline.objects.filter(kind=DeadlineKind.RECOMMENDER_TABLE, object_id=table.pk)
    clock = clocks.get()
    due = calendar.due(call.recommender_closes_at, 2)
    assert (clock.due_at, "第五条" in str(clock.explanation)) == (due, True)
    assert list(clock.obligors.values_list("role", "organisation")) == [(Role.RECOMMENDER, bureau.pk)]
    assert list(obligations.check(at=now)) == []
    for other in (stranger, first.created_by, member_of(unit, UnitRole.ADMIN)):
        client.force_login(other)
        assert send_table(client, table).status_code == 404
        with pytest.raises(Refused, match="只有该推荐单位"):
            actions.upload_table(table=table, file=ContentFile(b""), name="a.pdf", by=other, at=now)
    client.force_login(by)
    desk = client.get(reverse("applications:recommendations")).content.decode()
    assert "上传盖章的推荐汇总表" in desk
    send_table(client, table, b"plain")
    assert judged() == ["manual", "manual"]
    assert "汇总表.pdf" in send_table(client, table).content.decode()
    assert (judged(), running()) == (["passed", "manual"], False)
    kept = Document.objects.get()
    manager = officer(organisation=call.programme.department)
    for reader, sees in ((by, True), (manager, True), (stranger, False), (first.created_by, False)):
        assert Document.objects.visible_to(reader).filter(pk=kept.pk).exists() is sees
    client.force_login(manager)
    page = reverse("admin:applications_application_change", args=[first.pk])
    assert "汇总表.pdf" in client.get(page).content.decode()
    # Another one is recommended: the table is stale; the stamped letter does as well, until it is void.
    actions.recommend(application=second, opinion="同意", by=by, at=now)
    assert (judged(), running()) == (["passed", "manual"], True)
    office = queries.Office(bureau.pk, "370212")
    letter = actions.issue_letter(call=call, office=office, by=by, at=now)
    scan = {"letter": letter, "file": ContentFile(letters.paper(letter)), "name": "a.pdf"}
    actions.upload_letter_scan(**scan, by=by, at=now)
    assert (judged(), running()) == (["passed", "passed"], False)
    actions.void_letter(letter=letter, reason="写错", by=by, at=now)
    assert (judged(), running()) == (["manual", "manual"], True)
    assert list(obligations.check(at=now)) == []
    clocks.filter(state="open").update(due_at=now - timedelta(seconds=1))
    tasks.lapse_scans()
    assert (judged(), running()) == (["failed", "failed"], False)
    client.force_login(by)
    assert "逾期不再接收" in send_table(client, table).content.decode()
    with pytest.raises(Refused, match="推荐汇总表（推荐函）。”（第五条）不符合"):
        actions.pass_formal_check(application=second, by=None, at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        StampedTable.objects.create(
            call=call, series=call.series, of="recommender", organisation=bureau, region="370212"
        )
