"""What rules read of units and people that answers name: providers, insurers, experts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import FactKind
from applications import actions, queries
from core import expressions
from grants.models import Call, Question, QuestionKind
from seeds.codes import make_credit_code, make_id_number
from tests.factories.accounts import IntegrityRecordFactory, OrganisationFactFactory, OrganisationFactory
from tests.factories.applications import ApplicationFactory, in_state
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def naming(kind, value):
    """A draft whose answer to one question names somebody."""
    application = ApplicationFactory()
    Call.objects.filter(pk=application.call_id).update(state="draft", published_at=None)
    section = application.call.sections.first()
    Question.objects.create(
        call=application.call, section=section, code="named", kind=kind, label="名称", order=90
    )
    Call.objects.filter(pk=application.call_id).update(
        state="published", published_at=application.call.opens_at
    )
    actions.save_answers(
        application=application, answers={"named": value}, by=application.created_by, at=timezone.now()
    )
    return application


def context_of(application) -> dict:
    return queries.context(application)["answers"]["named"]


def test_a_registered_unit_is_known_with_its_facts():
    unit = OrganisationFactory(kind="institute")
    OrganisationFactFactory(organisation=unit, kind=FactKind.TECH_SME)
    application = naming(QuestionKind.ORGANISATION, {"name": unit.name, "credit_code": unit.credit_code})

    known = context_of(application)

    assert (known["registered"], known["kind"], known["related"]) == (True, "institute", False)
    assert (known["integrity_clean"], known["tech_sme"]) == (True, True)


def test_relation_and_integrity_of_the_named_unit_are_seen():
    application = naming(QuestionKind.ORGANISATION, {"name": "甲", "credit_code": ""})
    unit = OrganisationFactory(parent=application.organisation)
    IntegrityRecordFactory(organisation=unit)
    answer = {"name": unit.name, "credit_code": unit.credit_code}
    actions.save_answers(
        application=application, answers={"named": answer}, by=application.created_by, at=timezone.now()
    )

    known = context_of(application)

    assert (known["related"], known["integrity_clean"]) == (True, False)


def test_a_unit_that_nobody_registered_is_unknown_not_clean():
    code = make_credit_code(987_654, "110108")
    known = context_of(naming(QuestionKind.ORGANISATION, {"name": "外地公司", "credit_code": code}))

    assert (known["registered"], known["integrity_clean"], known["related"]) == (False, None, None)
    assert known["region"] == "110108"


def test_the_units_in_a_table_are_known_row_by_row(django_assert_num_queries):
    """The buyers of deals: `answers.deals.all(d, !d.buyer.related)`."""
    columns = [{"code": "buyer", "label": "买方", "kind": "organisation"}, {"code": "what", "label": "内容"}]
    deals = {"code": "deals", "kind": QuestionKind.TABLE, "label": "交易", "config": {"columns": columns}}
    call = CallFactory(parts__questions=(deals,))
    application = ApplicationFactory(call=call)
    daughter = OrganisationFactory(parent=application.organisation, kind="enterprise")
    stranger = make_credit_code(987_654, "110108")

    def save(*codes):
        rows = [{"buyer": code, "what": "许可"} for code in codes]
        return actions.save_answers(
            application=application, answers={"deals": rows}, by=application.created_by, at=timezone.now()
        )

    assert "deals" in save("91320000000000000X")
    assert not save(daughter.credit_code, f" {stranger.lower()} ", "")
    first, second, third = queries.context(application)["answers"]["deals"]
    known = first["buyer"]
    assert (known["registered"], known["related"], known["kind"]) == (True, True, "enterprise")
    known = second["buyer"]
    assert (known["credit_code"], known["registered"], known["related"]) == (stranger, False, None)
    assert (known["region"], third["buyer"]) == ("110108", None)
    shared = expressions.compile("answers.deals.exists(d, d.buyer != null && d.buyer.related == true)")
    assert shared.holds(queries.context(application))
    with CaptureQueriesContext(connection) as alone:
        queries.context(application)
    save(*(OrganisationFactory().credit_code for _number in range(20)))
    with django_assert_num_queries(len(alone)):
        queries.context(application)


def test_a_named_person_brings_the_projects_elsewhere_and_no_number():
    other = in_state("formal_check")
    number = other.participants.get(role="pi").id_number
    known = context_of(naming(QuestionKind.PERSON, {"name": "周海声", "id_number": number}))

    assert [record["role"] for record in known["records"]] == ["pi"]
    assert number not in str(known)
    nobody = naming(QuestionKind.PERSON, {"name": "别人", "id_number": make_id_number(77)})
    assert context_of(nobody)["records"] == []
