"""Partner units fill in their own part and confirm it; the team comments."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import UnitRole
from applications import actions, completeness, eligibility, notifications, queries, rules
from applications.models import Application, Comment, Partner
from core.workflow import Lost, Refused
from notifications import obligations
from notifications.models import Deadline
from seeds.codes import make_id_number
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of
from tests.factories.applications import filled
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner_unit():
    return OrganisationFactory(name="青岛合作研究所", kind="institute")


@pytest.fixture
def draft(partner_unit):
    """A filled draft with a member of another unit."""
    return _with_partner(filled(), partner_unit)


def _with_partner(application, partner_unit):
    people = list(application.participants.values(*completeness.PERSON_FIELDS))
    people.append(_person(partner_unit, "钱合作", 2))
    actions.set_participants(
        application=application, participants=people, by=application.created_by, at=timezone.now()
    )
    return application


@pytest.fixture
def invited(draft, partner_unit):
    return actions.invite_partner(
        application=draft, organisation=partner_unit, by=draft.created_by, at=timezone.now()
    )


def _person(unit, name, number):
    return {
        "role": "member",
        "name": name,
        "id_number": make_id_number(number),
        "organisation_name": unit.name,
        "credit_code": unit.credit_code,
        "months_per_year": 3,
    }


def administrator(unit):
    return member_of(unit, role=UnitRole.ADMIN)


def address(application, name="partner", *args):
    return reverse(f"applications:{name}", args=[application.pk, *args])


def confirm(partner, by):
    seen = queries.part_versions(partner.application)(partner)
    actions.confirm_partner(partner=partner, seen=seen, by=by, at=timezone.now())


# ---- invitations ----


def test_a_partner_reads_the_draft_only_when_invited(client, draft, partner_unit):
    member, stranger = member_of(partner_unit), UserFactory()
    assert not Application.objects.visible_to(member).exists()
    client.force_login(draft.created_by)
    assert "青岛合作研究所" in client.get(address(draft, "detail")).content.decode()
    client.post(address(draft, "invite"), {"unit": partner_unit.pk})
    partner = draft.partners.get()
    assert (partner.organisation, partner.invited_by) == (partner_unit, draft.created_by)
    client.force_login(member)
    assert client.get(address(draft)).status_code == 200
    assert "作为合作单位参与的申报" in client.get(reverse("applications:list")).content.decode()
    client.force_login(stranger)
    assert client.get(address(draft)).status_code == 404
    client.force_login(draft.created_by)
    assert client.get(address(draft)).status_code == 404
    client.post(address(draft, "invite"), {"unit": partner.pk, "do": "remove"})
    assert not Application.objects.visible_to(member).exists()


def test_only_units_of_participants_are_invited_and_only_by_the_team(draft, partner_unit):
    now = timezone.now()
    for unit, by in (
        (OrganisationFactory(), draft.created_by),
        (draft.organisation, draft.created_by),
        (partner_unit, member_of(partner_unit)),
    ):
        with pytest.raises(Refused):
            actions.invite_partner(application=draft, organisation=unit, by=by, at=now)
    assert not Partner.objects.exists()


# ---- their part ----


def test_a_partner_changes_its_own_people_and_nobody_elses(client, draft, partner_unit, invited):
    client.force_login(member_of(partner_unit))
    rows = {
        "people-TOTAL_FORMS": "2",
        "people-INITIAL_FORMS": "1",
        "people-0-name": "钱合作",
        "people-0-id_number": make_id_number(2),
        "people-0-months_per_year": "4",
        "people-1-name": "孙新人",
        "people-1-task": "试验",
        "task": "负责海试。",
        "do": "save",
    }
    assert client.post(address(draft), rows).status_code == 302
    found = list(draft.participants.values_list("name", "role", "organisation_name", "task"))
    assert found == [
        ("周海声", "pi", draft.organisation.name, "总体"),
        ("钱合作", "member", "青岛合作研究所", ""),
        ("孙新人", "member", "青岛合作研究所", "试验"),
    ]
    invited.refresh_from_db()
    assert invited.task == "负责海试。"

    response = client.post(address(draft), rows | {"people-1-id_number": "123"})
    assert response.status_code == 422
    assert 'value="123"' in response.content.decode()
    assert draft.participants.count() == 3


def test_a_project_leader_of_a_partner_unit_stays_the_leader(draft, partner_unit, invited):
    now, member = timezone.now(), member_of(partner_unit)
    actions.set_participants(
        application=draft,
        participants=[_person(partner_unit, "钱合作", 2) | {"role": "pi"}],
        by=draft.created_by,
        at=now,
    )
    people = [_person(partner_unit, "钱合作", 2), _person(partner_unit, "孙新人", 3)]
    actions.fill_partner(partner=invited, task="", people=people, by=member, at=now)
    assert list(draft.participants.values_list("name", "role")) == [("钱合作", "pi"), ("孙新人", "member")]


# ---- confirming ----


def test_the_administrator_confirms_what_they_saw_and_a_change_undoes_it(
    client, draft, partner_unit, invited
):
    admin, member = administrator(partner_unit), member_of(partner_unit)
    seen = queries.part_versions(draft)(invited)
    client.force_login(member)
    sent = {"do": "confirm", "version": seen}
    assert client.post(address(draft), sent).status_code == 422
    client.force_login(admin)
    assert client.post(address(draft), sent | {"version": "old"}).status_code == 422
    assert client.post(address(draft), sent).status_code == 302
    assert [(unit.is_confirmed, unit.is_stale) for unit in queries.partners(draft)] == [(True, False)]
    people = [_person(partner_unit, "另一人", 4)]
    actions.fill_partner(partner=invited, task="", people=people, by=member, at=timezone.now())
    assert [(unit.is_confirmed, unit.is_stale) for unit in queries.partners(draft)] == [(False, True)]


def test_a_notice_may_require_the_confirmation(partner_unit):
    draft = _with_partner(filled(call=CallFactory(requires_partner_confirmation=True)), partner_unit)
    invited = actions.invite_partner(
        application=draft, organisation=partner_unit, by=draft.created_by, at=timezone.now()
    )

    def messages():
        problems = rules.problems_of(draft, eligibility.evaluate(draft), eligibility.seen_of(draft))
        return [(problem.field, problem.message) for problem in problems]

    assert messages() == [("青岛合作研究所", "合作单位的管理员还没有在系统中确认。")]
    owed = Deadline.objects.get(kind="partner_part")
    admin = administrator(partner_unit)
    assert (owed.due_at, owed.state) == (draft.call.closes_at, "open")
    assert Deadline.objects.owed_by(admin).get() == owed
    confirm(Partner.objects.get(), admin)
    owed.refresh_from_db()
    assert owed.state == "met"
    assert messages() == []
    # What was confirmed changes: it is owed again, until it reads as it did or is confirmed anew.
    again = Deadline.objects.open().filter(kind="partner_part")
    people = [{name: row[name] for name in completeness.PERSON_FIELDS} for row in draft.participants.values()]
    other = [person | {"months_per_year": 7} for person in people]
    for rows, is_owed in ((other, True), (people, False), (other, True)):
        actions.set_participants(application=draft, participants=rows, by=draft.created_by, at=timezone.now())
        assert again.exists() is is_owed
        assert [d for d in map(str, obligations.check(at=timezone.now())) if "partner_part" in d] == []
    confirm(Partner.objects.get(), admin)
    assert not again.exists()
    actions.submit(application=draft, by=draft.created_by, at=timezone.now())
    with pytest.raises(Refused):
        actions.fill_partner(partner=invited, task="x", people=[], by=None, at=timezone.now())
    with pytest.raises(Exception, match="submitted"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE applications_partner SET task = 'x'")


def test_who_need_not_confirm_any_more_owes_nothing(partner_unit):
    draft = _with_partner(filled(call=CallFactory(requires_partner_confirmation=True)), partner_unit)
    by, now = draft.created_by, timezone.now()
    invited = actions.invite_partner(application=draft, organisation=partner_unit, by=by, at=now)
    drifts = [str(drift) for drift in obligations.check(at=now) if drift.obligation.kind == "partner_part"]
    assert drifts == []
    actions.uninvite_partner(partner=invited, by=by, at=now)
    assert Deadline.objects.get(kind="partner_part").state == "cancelled"
    actions.invite_partner(application=draft, organisation=partner_unit, by=by, at=now)
    notifications.draft_lapsed(draft, at=now)
    assert not Deadline.objects.open().filter(kind="partner_part").exists()


def test_the_database_keeps_confirmations_whole(invited):
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.filter(pk=invited.pk).update(confirmed="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.create(
            application=invited.application,
            organisation=invited.organisation,
            invited_by=invited.invited_by,
            invited_at=timezone.now(),
        )


# ---- comments ----


def test_the_team_comments_and_settles(client, draft, partner_unit, invited):
    where = address(draft, "comments", "solution")
    client.force_login(draft.created_by)
    client.post(where, {"text": "请补充指标", "question": "route"})
    comment = Comment.objects.get()
    assert (comment.section, comment.question, comment.by) == ("solution", "route", draft.created_by)
    assert "请补充指标" in client.get(address(draft, "section", "solution")).content.decode()
    answer = client.post(where, {"text": " "}, headers={"HX-Request": "true"})
    assert (answer.status_code, "请填写批注。" in answer.content.decode()) == (422, True)

    client.force_login(member_of(partner_unit))
    client.post(where, {"do": "resolve", "comment": comment.pk})
    comment.refresh_from_db()
    assert comment.resolved_at is not None
    with pytest.raises(Lost):
        actions.resolve_comment(comment=comment, by=draft.created_by, at=timezone.now())
    client.post(where, {"do": "reopen", "comment": comment.pk})
    comment.refresh_from_db()
    assert (comment.resolved_at, comment.resolved_by) == (None, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(resolved_at=timezone.now())


def test_strangers_and_the_bureau_do_not_read_comments(client, draft):
    client.force_login(UserFactory())
    assert client.get(address(draft, "comments", "basics")).status_code == 404
    with pytest.raises(Refused):
        actions.add_comment(
            application=draft, section="basics", text="x", by=UserFactory(), at=timezone.now()
        )


@pytest.mark.parametrize("number", [1, 30])
def test_a_part_shows_any_number_of_comments_at_the_same_cost(
    client, draft, number, django_assert_num_queries
):
    Comment.objects.bulk_create(
        Comment(application=draft, section="basics", text="x", by=draft.created_by, at=timezone.now())
        for _number in range(number)
    )
    client.force_login(draft.created_by)
    # The first page of a call keeps what it says for the next.
    client.get(address(draft, "comments", "basics"))
    with django_assert_num_queries(9):
        assert client.get(address(draft, "comments", "basics")).status_code == 200
