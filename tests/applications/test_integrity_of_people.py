"""Records of dishonesty (失信) of people: known by the number in a person's own record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import IntegrityRecord
from applications.queries import context
from tests.factories.accounts import PersonRecordFactory
from tests.factories.applications import filled

pytestmark = pytest.mark.django_db


def test_what_is_recorded_of_the_leader_counts_while_it_lasts_and_only_where_a_rule_asks():
    application = filled()
    leader = application.participants.get(role="pi")
    asked = {"integrity_clean"}
    assert context(application, wanted=asked)["pi"]["integrity_clean"] is True
    person = PersonRecordFactory(id_number=leader.id_number).user
    opened = timezone.localdate(application.call.opens_at)
    record = IntegrityRecord.objects.create(
        user=person, reason="编造数据", source="监督处", valid_from=opened - timedelta(days=9)
    )
    assert context(application, wanted=asked)["pi"]["integrity_clean"] is False
    assert context(application, wanted=asked)["participants"][0]["integrity_clean"] is False
    assert context(application, wanted=set())["pi"]["integrity_clean"] is None, "nobody asked"
    record.valid_to = opened - timedelta(days=1)
    record.save()
    assert context(application, wanted=asked)["pi"]["integrity_clean"] is True


def test_of_somebody_without_a_number_nothing_is_known():
    application = filled()
    type(application.participants.first()).objects.filter(application=application).update(id_number="")
    assert context(application, wanted={"integrity_clean"})["pi"]["integrity_clean"] is None
