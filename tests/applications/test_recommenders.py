"""Who recommends (推荐渠道): the region's office, the unit's authority, or whom the applicant chose."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions import confirm_unit, refuse_unit, update_organisation
from accounts.models import Organisation, Subordination
from accounts.roles import Role, UnitRole
from applications import actions, completeness, queries, quotas, rules
from applications.models import Application, Nomination
from applications.queries import Office
from applications.states import ApplicationState
from core.workflow import Refused
from documents.models import Document
from grants.models import Quota, QuotaOf, RecommendedBy, Stage
from notifications.models import Deadline, Message
from notifications.sweep import sweep
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.applications import ApplicationFactory, filled
from tests.factories.grants import CallFactory
from tests.factories.reviews import publish

pytestmark = pytest.mark.django_db
S = ApplicationState


def call_by(way, *listed, number=None):
    """A published call whose one step before the check is a recommendation of this kind."""
    call = CallFactory(draft=True, parts__stages=("recommendation", "formal_check", "decision"))
    Stage.objects.filter(call=call, kind="recommendation").update(recommended_by=way)
    for unit in listed:
        call.recommenders.create(credit_code=unit.credit_code, name=unit.name)
    if number is not None:
        Quota.objects.create(call=call, of=QuotaOf.RECOMMENDER, number=number, clause="第七条", order=1)
    publish(call)
    return call


def offices(bank, unit):
    return {
        "named": officer(Role.RECOMMENDER, bank),
        "named with a region": officer(Role.RECOMMENDER, bank, region="3701"),
        "district": officer(Role.RECOMMENDER, OrganisationFactory(), region=unit.region),
        "the bank's district": officer(Role.RECOMMENDER, OrganisationFactory(), region=bank.region),
        "another bank": officer(Role.RECOMMENDER, OrganisationFactory(region=bank.region)),
    }


def hand_in(application):
    actions.submit(application=application, by=application.created_by, at=timezone.now())
    application.refresh_from_db()
    return application


def choose(application, unit):
    by = application.created_by
    actions.update_basics(application=application, recommender=unit, by=by, at=timezone.now())


@pytest.mark.parametrize("way", [RecommendedBy.AUTHORITY, RecommendedBy.CHOSEN])
def test_only_the_named_recommender_sees_hears_and_acts(way, client, django_capture_on_commit_callbacks):
    bank = OrganisationFactory(name="琴岛银行", region="370203")
    application = filled(call=call_by(way, bank))
    unit, people = application.organisation, offices(bank, application.organisation)
    if way == RecommendedBy.AUTHORITY:
        Organisation.objects.filter(pk=unit.pk).update(authority=bank)
        application.organisation.refresh_from_db()
    else:
        choose(application, bank)
    assert not Application.objects.visible_to(people["named"]).exists()
    hand_in(application)
    assert (application.state, application.recommender) == (S.RECOMMENDATION, bank)
    assert application.submissions.get().content["recommender"] == "琴岛银行"
    named = {"named", "named with a region"}
    told = Message.objects.filter(recipient__in=people.values()).values_list("recipient", flat=True)
    assert set(told) == {people[who].pk for who in named}
    page = reverse("applications:recommendation", args=[application.pk])
    order = reverse("applications:ranking", args=[application.call_id])
    for who, user in people.items():
        seen = who in named
        assert Application.objects.visible_to(user).filter(pk=application.pk).exists() is seen, who
        assert Deadline.objects.visible_to(user).exists() is seen, who
        client.force_login(user)
        assert client.get(page).status_code == (200 if seen else 404), who
        listed = client.get(reverse("applications:recommendations")).content.decode()
        assert (application.title in listed, application.title in client.get(order).content.decode()) == (
            seen,
            seen,
        ), who
        for act in (actions.recommend, actions.recommender_return, actions.recommender_reject):
            words = {"opinion" if act is actions.recommend else "reason": "同意"}
            if not seen:
                with pytest.raises(Refused):
                    act(application=application, by=user, at=timezone.now(), **words)
    # The reminder goes to the same people.
    due = Deadline.objects.get(kind="recommendation")
    before = Message.objects.count()
    sweep(at=due.due_at - timedelta(hours=1))
    reminded = set(Message.objects.order_by("pk")[before:].values_list("recipient", flat=True))
    assert reminded & {user.pk for user in people.values()} == {people[who].pk for who in named}

    by, office = people["named with a region"], Office(bank.pk, "")
    actions.recommend(application=application, opinion="同意", by=by, at=timezone.now())
    assert Nomination.objects.get().recommender == bank
    letter = actions.issue_letter(call=application.call, office=office, by=people["named"], at=timezone.now())
    assert (letter.content["recommender"], letter.count) == ("琴岛银行", 1)
    for who, user in people.items():
        client.force_login(user)
        address = reverse("applications:letter", args=[letter.pk])
        assert client.get(address).status_code == (200 if who in named else 404), who
        assert Document.objects.visible_to(user).exists() is False


def test_a_choice_is_made_from_the_list_until_somebody_has_recommended(client):
    bank, other, foreign = (OrganisationFactory(name=name) for name in ("乙银行", "甲银行", "丙银行"))
    application = filled(call=call_by(RecommendedBy.CHOSEN, bank, other))
    missing = [fault for fault in completeness.basics(application) if fault[4] == "recommender"]
    assert [(fault[1], fault[2]) for fault in missing] == [("第九条", "必填。")]
    with pytest.raises(rules.Incomplete):
        hand_in(application)
    with pytest.raises(Refused) as refused:
        choose(application, foreign)
    assert refused.value.field == "recommender"
    client.force_login(application.created_by)
    address = reverse("applications:basics", args=[application.pk])
    form = client.get(address).context["form"]
    # In the order of the notice, not of the alphabet.
    assert list(form.fields["recommender"].queryset) == [bank, other]
    data = {name: getattr(application, name) for name in ("title", "starts_date", "ends_date")}
    client.post(address, data | {"recommender": bank.pk})
    application.refresh_from_db()
    assert application.recommender == bank
    # Off the list since: it cannot be handed in.
    Application.objects.filter(pk=application.pk).update(recommender=foreign)
    application.refresh_from_db()
    assert [f[2] for f in completeness.basics(application) if f[4] == "recommender"] == [
        "不在本通知的推荐单位名单内，请重新选择。"
    ]
    Application.objects.filter(pk=application.pk).update(recommender=bank)
    application.refresh_from_db()
    hand_in(application)
    by, at = officer(Role.RECOMMENDER, bank), timezone.now()
    with pytest.raises(DatabaseError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(recommender=other)
    actions.recommender_return(application=application, reason="换一家", by=by, at=at)
    choose(application, other)
    choose(application, bank)
    hand_in(application)
    actions.recommend(application=application, opinion="同意", by=by, at=at)
    manager = officer(Role.PROGRAMME_MANAGER, application.call.programme.department)
    actions.return_for_supplement(application=application, reason="补", by=manager, at=at)
    with pytest.raises(Refused):
        choose(application, other)
    assert client.get(address).context["form"].fields["recommender"].disabled
    assert hand_in(application).recommender == bank


def test_without_an_authority_the_unit_is_told_to_name_one(client):
    university, ministry = OrganisationFactory(), OrganisationFactory(name="省教育厅")
    application = filled(call=call_by(RecommendedBy.AUTHORITY), organisation=university)
    with pytest.raises(rules.Incomplete):
        hand_in(application)
    officer(Role.RECOMMENDER, ministry)
    admin = member_of(university, UnitRole.ADMIN)
    client.force_login(admin)
    address = reverse("accounts:edit_unit", args=[university.pk])
    form = client.get(address).context["form"]
    assert list(form.fields["authority"].queryset) == [ministry]
    data = {name: form[name].value() or "" for name in form.fields} | {"authority": ministry.pk}
    assert client.post(address, data).status_code == 302
    application = Application.objects.get(pk=application.pk)
    assert hand_in(application).recommender == ministry
    # The authority reads the units under it, another one does not.
    by = officer(Role.RECOMMENDER, ministry)
    assert university in Organisation.objects.visible_to(by)
    assert university not in Organisation.objects.visible_to(officer(Role.RECOMMENDER, OrganisationFactory()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(pk=ministry.pk).update(authority=ministry)
    # Its word on that is asked for, and until it came both desks say so.
    asked = university.subordinations.get()
    due = Deadline.objects.get(kind="subordination")
    client.force_login(by)
    desk = reverse("applications:recommendation", args=[application.pk])
    assert "主管关系未确认" in client.get(desk).content.decode()
    page = client.get(due.url)
    assert list(page.context["to_confirm"]) == [asked]
    answer = reverse("accounts:answer_unit", args=[asked.pk])
    client.post(answer, {"do": "refuse", "reason": " "})
    asked.refresh_from_db()
    assert asked.state == "named"
    for user, status in ((admin, 403), (officer(Role.RECOMMENDER, OrganisationFactory()), 404)):
        client.force_login(user)
        assert client.post(answer, {"do": "confirm"}).status_code == status
    client.force_login(by)
    client.post(answer, {"do": "confirm"})
    due.refresh_from_db()
    assert (due.state, university.subordinations.get().state) == ("met", "confirmed")
    assert "主管关系未确认" not in client.get(desk).content.decode()
    told = Message.objects.get(recipient=admin, template="notifications/subordination")
    assert told.context["confirmed"] is True
    # Another one named: the first has nothing to do with the unit any more.
    other = OrganisationFactory()
    name_authority(university, other, by=admin)
    assert [row.state for row in university.subordinations.all()] == ["named", "ended"]
    with pytest.raises(DatabaseError), transaction.atomic():
        university.subordinations.update(authority=ministry)


def name_authority(unit, authority, *, by):
    update_organisation(organisation=unit, authority=authority, by=by, at=timezone.now())


def test_a_call_may_wait_for_the_word_of_the_authority(client):
    ministry, at = OrganisationFactory(name="省卫生健康委"), timezone.now()
    call = CallFactory(draft=True, parts__stages=("recommendation", "formal_check", "decision"))
    with pytest.raises(IntegrityError), transaction.atomic():
        call.stages.filter(kind="recommendation").update(authority_confirmed=True)
    way = {"recommended_by": RecommendedBy.AUTHORITY, "authority_confirmed": True}
    call.stages.filter(kind="recommendation").update(**way)
    publish(call)
    application = filled(call=call)
    unit, admin = application.organisation, member_of(application.organisation, UnitRole.ADMIN)
    by = officer(Role.RECOMMENDER, ministry)
    name_authority(unit, ministry, by=admin)
    application = Application.objects.get(pk=application.pk)
    assert [fault[2] for fault in completeness.basics(application)] == [
        "“省卫生健康委”还没有确认是本单位的上级主管部门，确认后才能提交。"
    ]
    with pytest.raises(rules.Incomplete):
        hand_in(application)
    refuse_unit(subordination=unit.subordinations.get(), reason="不在名册", by=by, at=at)
    unit.refresh_from_db()
    assert unit.authority is None
    assert not Deadline.objects.filter(kind="subordination", state="open").exists()
    client.force_login(admin)
    page = client.get(reverse("accounts:unit", args=[unit.pk])).content.decode()
    assert "省卫生健康委不予确认：不在名册" in page
    with pytest.raises(Refused):
        confirm_unit(subordination=unit.subordinations.get(), by=by, at=at)
    name_authority(unit, ministry, by=admin)
    confirm_unit(subordination=unit.subordinations.first(), by=by, at=at)
    assert hand_in(Application.objects.get(pk=application.pk)).recommender == ministry


@pytest.mark.parametrize("number", [1, 30])
def test_units_that_wait_for_a_word_cost_the_same(client, number, django_assert_num_queries):
    ministry, at = OrganisationFactory(), timezone.now()
    by = officer(Role.RECOMMENDER, ministry)
    Subordination.objects.bulk_create(
        Subordination(organisation=unit, authority=ministry, named_by=by, named_at=at)
        for unit in OrganisationFactory.create_batch(number)
    )
    client.force_login(by)
    address = reverse("accounts:unit", args=[ministry.pk])
    client.get(address)
    with django_assert_num_queries(10):
        assert len(client.get(address).context["to_confirm"]) == number


def test_a_recommender_by_name_has_its_own_row_in_place_of_that_for_each():
    bank, other = OrganisationFactory(), OrganisationFactory()
    call = CallFactory(draft=True, parts__stages=("recommendation", "formal_check", "decision"))
    Stage.objects.filter(call=call, kind="recommendation").update(recommended_by=RecommendedBy.CHOSEN)
    for order, (number, code) in enumerate(((1, ""), (2, bank.credit_code)), start=1):
        fields = {"number": number, "credit_code": code, "clause": "第七条", "order": order}
        Quota.objects.create(call=call, of=QuotaOf.RECOMMENDER, **fields)
    publish(call)
    rows = [ApplicationFactory(call=call, recommender=unit) for unit in (bank, bank, other, other)]
    passed_on = Application.objects.filter(pk__in=[rows[0].pk, rows[2].pk])
    passed_on.update(
        state=S.FORMAL_CHECK, version=1, submitted_at=timezone.now(), submitted_by=rows[0].created_by
    )
    quotas.check_recommender(rows[1])
    with pytest.raises(Refused):
        quotas.check_recommender(rows[3])
    left = [[row.left for row in quotas.standing(call, Office(unit.pk, ""))] for unit in (bank, other)]
    assert left == [[1], [0]]


def test_each_named_recommender_has_the_quota_and_an_order_of_its_own():
    bank, other = OrganisationFactory(), OrganisationFactory()
    call, at = call_by(RecommendedBy.CHOSEN, bank, other, number=1), timezone.now()
    a, b, c = (ApplicationFactory(call=call, recommender=unit) for unit in (bank, bank, other))
    for row in (a, b, c):
        Application.objects.filter(pk=row.pk).update(
            state=S.RECOMMENDATION,
            version=1,
            submitted_at=at,
            submitted_by=row.created_by,
            number=f"T{row.pk}",
        )
        row.refresh_from_db()
    by, others = officer(Role.RECOMMENDER, bank), officer(Role.RECOMMENDER, other)
    office = queries.office_of_call(by, call)
    assert office == Office(bank.pk, "")
    # Who recommends for several is led to the one to which something has come.
    several = officer(Role.RECOMMENDER, OrganisationFactory())
    several.role_assignments.create(role=Role.RECOMMENDER, organisation=other)
    assert queries.office_of_call(several, call) == Office(other.pk, "")
    actions.set_order(call=call, office=office, order=[b.pk, a.pk], by=by, at=at)
    with pytest.raises(Refused):
        actions.set_order(call=call, office=office, order=[a.pk, b.pk], by=others, at=at)
    actions.recommend(application=b, opinion="同意", by=by, at=at)
    with pytest.raises(Refused) as refused:
        actions.recommend(application=a, opinion="同意", by=by, at=at)
    assert (refused.value.code, refused.value.clause) == ("quota", "第七条")
    actions.recommend(application=c, opinion="同意", by=others, at=at)
    (standing,) = quotas.standing(call, office)
    assert (standing.used, standing.left) == (1, 0)


def test_only_the_step_of_recommending_says_who_recommends():
    call = CallFactory(draft=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        call.stages.filter(kind="formal_check").update(recommended_by=RecommendedBy.CHOSEN)
