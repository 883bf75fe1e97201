"""Colleges and departments of a unit (院系): data of the unit, chosen in the form, limited apart."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from accounts.roles import UnitRole
from applications import actions, completeness, queries
from core.workflow import Refused
from desk.packs.questions import faults
from grants.models import QuestionKind, Quota, QuotaOf
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of
from tests.factories.applications import ApplicationFactory, fill
from tests.factories.grants import QUESTIONS, CallFactory
from tests.factories.reviews import publish

pytestmark = pytest.mark.django_db
COLLEGE = {"code": "college", "kind": QuestionKind.CHOICE, "label": "院系", "config": {"divisions": True}}


@pytest.fixture
def call():
    call = CallFactory(
        draft=True, parts__questions=(*QUESTIONS, COLLEGE), parts__stages=("formal_check", "decision")
    )
    Quota.objects.create(call=call, of=QuotaOf.UNIT, number=1, question="college", clause="第四条", order=1)
    return publish(call)


@pytest.fixture
def unit():
    return OrganisationFactory(kind="university", divisions=["海洋学院", "信息学院"])


def drafted(call, unit, college=None):
    application = fill(ApplicationFactory(call=call, organisation=unit))
    by, at = application.created_by, timezone.now()
    if college:
        actions.save_answers(application=application, answers={"college": college}, by=by, at=at)
    return application


def hand_in(application):
    actions.submit(application=application, by=application.created_by, at=timezone.now())


def test_each_college_hands_in_as_many_as_the_notice_lets_it(call, unit):
    hand_in(drafted(call, unit, "海洋学院"))
    with pytest.raises(Refused) as refused:
        hand_in(drafted(call, unit, "海洋学院"))
    assert refused.value.clause == "第四条"
    hand_in(drafted(call, unit, "信息学院"))
    # The same name in another unit is another college.
    hand_in(drafted(call, OrganisationFactory(kind="university", divisions=["海洋学院"]), "海洋学院"))


def test_only_the_units_own_colleges_are_offered(call, unit):
    application = drafted(call, unit)
    asked = {q.code: q for q in queries.questions_of(application)}
    assert asked["college"].config["choices"] == ["海洋学院", "信息学院"]
    assert [row[0] for row in completeness.faults_of(application)] == ["院系"]
    by, at = application.created_by, timezone.now()
    faults = actions.save_answers(application=application, answers={"college": "商学院"}, by=by, at=at)
    assert "college" in faults
    # Nobody is asked to choose where the unit names none.
    assert completeness.faults_of(drafted(call, OrganisationFactory(kind="university"))) == []


def test_the_units_administrator_writes_them_one_a_line(client, unit):
    page = reverse("accounts:edit_unit", args=[unit.pk])
    data = {name: getattr(unit, name) or "" for name in ("name", "kind", "region")}
    client.force_login(UserFactory())
    assert client.get(page).status_code == 404
    client.force_login(member_of(unit))
    assert client.post(page, data | {"divisions": "甲"}).status_code == 403
    client.force_login(member_of(unit, role=UnitRole.ADMIN))
    assert "海洋学院\n信息学院" in client.get(page).content.decode()
    client.post(page, data | {"divisions": " 海洋学院 \n\n化学 学院\n海洋学院"})
    assert Organisation.objects.get(pk=unit.pk).divisions == ["海洋学院", "化学 学院"]
    assert "海洋学院、化学 学院" in client.get(reverse("accounts:unit", args=[unit.pk])).content.decode()
    assert client.post(page, data | {"divisions": "学" * 61}).status_code in (200, 422)
    assert Organisation.objects.get(pk=unit.pk).divisions == ["海洋学院", "化学 学院"]


def test_a_pack_names_choices_or_leaves_them_to_the_unit():
    def said(config):
        return [place for place, _text in faults(("config",), QuestionKind.CHOICE, config)]

    assert said({"divisions": True}) == []
    assert said({"divisions": True, "choices": ["甲"]}) == [("config", "choices")]
    assert said({"divisions": "yes", "choices": ["甲"]})[0] == ("config", "divisions")
    assert said({}) == [("config", "choices")]
