"""What the database itself holds of decisions, notices, objections, awards and agreements."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.roles import Role, UnitRole
from awards import actions
from awards.models import Agreement, Award, Decision, Objection, Publicity, PublicityItem
from awards.states import AGREEMENT, OBJECTION, PUBLICITY
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.awards import (
    LATER,
    NOW,
    OBJECTOR,
    agreement_of,
    decide,
    publicised,
    to_decide,
    unit_admin_of,
)
from tests.factories.reviews import manager_of

pytestmark = pytest.mark.django_db


def refused(attack):
    with pytest.raises(DatabaseError), transaction.atomic():
        attack()


def awarded():
    notice = publicised(at=NOW)
    manager = manager_of(notice.call)
    actions.close_publicity(publicity=notice, by=manager, at=LATER)
    return agreement_of(notice.items.get().application), manager


def test_a_decision_is_sealed_and_keeps_within_its_cap():
    decision = decide(to_decide())

    refused(lambda: Decision.objects.update(amount=1))
    refused(lambda: Decision.objects.update(reason="改"))
    refused(lambda: Decision.objects.all().delete())
    common = {"application": to_decide(), "reason": "x", "by": decision.by, "at": NOW}
    refused(lambda: Decision.objects.create(outcome="fund", amount=101, cap=100, **common))
    refused(lambda: Decision.objects.create(outcome="fund", amount=0, **common))
    refused(
        lambda: Decision.objects.create(**(common | {"application": decision.application}), outcome="reject")
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "改"},
        {"body": "改"},
        {"starts_date": date(2026, 5, 1)},
        {"ends_date": date(2026, 5, 12)},
        {"explanation": "改"},
        {"contact": "改"},
        {"items_total": 9},
        {"published_at": LATER},
    ],
)
def test_a_published_notice_never_changes(changed):
    publicised(at=NOW)

    refused(lambda: Publicity.objects.update(**changed))


def test_the_lines_of_a_notice_never_change_and_none_is_added():
    notice = publicised(2, at=NOW)

    refused(lambda: PublicityItem.objects.update(amount=1))
    refused(lambda: PublicityItem.objects.all().delete())
    refused(lambda: Publicity.objects.all().delete())
    refused(
        lambda: PublicityItem.objects.create(
            publicity=notice, application=to_decide(), title="x", organisation_name="y", amount=1
        )
    )


def test_an_objection_keeps_its_words_and_a_finding_stands():
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)

    refused(lambda: Objection.objects.update(text="改"))
    refused(lambda: Objection.objects.update(name="改"))
    refused(lambda: Objection.objects.update(state="dismissed"))
    refused(lambda: Objection.objects.all().delete())
    actions.resolve_objection(
        objection=objection, upheld=False, finding="不属实", by=manager_of(notice.call), at=LATER
    )
    refused(lambda: Objection.objects.update(finding="改"))


def test_an_award_is_sealed_and_a_signed_agreement_keeps_its_terms():
    agreement, manager = awarded()

    refused(lambda: Award.objects.update(amount=1))
    refused(lambda: Award.objects.all().delete())
    refused(lambda: Agreement.objects.update(state="in_force"))
    refused(lambda: Agreement.objects.update(unit_signed_at=LATER))
    refused(lambda: Agreement.objects.update(ends_date=date(2020, 1, 1)))
    admin = unit_admin_of(agreement.award.application)
    actions.unit_sign(agreement=agreement, by=admin, at=LATER)
    refused(lambda: Agreement.objects.update(own_amount=Decimal(1)))
    actions.bureau_sign(agreement=agreement, by=manager, at=LATER)
    refused(lambda: Agreement.objects.update(ends_date=date(2030, 1, 1)))
    refused(lambda: Agreement.objects.all().delete())


@pytest.mark.parametrize("machine", [PUBLICITY, OBJECTION, AGREEMENT])
def test_every_state_names_who_may_write(machine):
    assert set(machine.owners) == set(machine.states.values)


def test_the_matrix_of_an_award_its_decision_and_an_objection():
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    manager = manager_of(notice.call)
    actions.resolve_objection(objection=objection, upheld=False, finding="不属实", by=manager, at=LATER)
    actions.close_publicity(publicity=notice, by=manager, at=LATER)
    application = notice.items.get().application
    who = {
        "team": application.created_by,
        "unit_admin": unit_admin_of(application),
        "unit_finance": member_of(application.organisation, role=UnitRole.FINANCE),
        "manager": manager,
        "leader": officer(Role.LEADER),
        "supervision": officer(Role.SUPERVISION),
        "finance": officer(Role.FINANCE),
        "recommender": officer(Role.RECOMMENDER, region="3702"),
        "colleague": member_of(application.organisation),
        "other_manager": officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "other_unit": member_of(OrganisationFactory(), role=UnitRole.ADMIN),
        "expert": officer(Role.EXPERT),
        "stranger": UserFactory(),
    }

    def seeing(model):
        return [name for name, user in who.items() if model.objects.visible_to(user).exists()]

    parties = ["team", "unit_admin", "unit_finance", "manager", "leader", "supervision", "finance"]
    assert seeing(Award) == [*parties, "recommender"]
    assert seeing(Agreement) == [*parties, "recommender"]
    assert seeing(Decision) == ["manager", "leader", "supervision", "finance"]
    assert seeing(Objection) == ["manager", "leader", "supervision"]
    assert seeing(Publicity) == list(who)
