"""Projects elsewhere are kept by programme managers, for limits on parallel projects to count."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.roles import Role
from applications.models import PastProject
from seeds.codes import make_id_number
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import submitted

pytestmark = pytest.mark.django_db
ADD = reverse("admin:applications_pastproject_add")
WRITTEN = {
    "plan": "国家重点研发计划",
    "title": "深海观测",
    "id_number": make_id_number(1),
    "role": "pi",
    "status": "running",
    "amount": "0",
    "source": "国家科技管理信息系统",
}


def test_a_manager_records_one_and_an_auditor_only_reads(client):
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    assert client.post(ADD, WRITTEN).status_code == 302
    assert PastProject.objects.get().plan == "国家重点研发计划"
    client.force_login(officer(Role.AUDITOR))
    assert client.get(reverse("admin:applications_pastproject_changelist")).status_code == 200
    assert client.post(ADD, WRITTEN).status_code == 403
    client.force_login(submitted().created_by)
    assert client.get(reverse("admin:applications_pastproject_changelist")).status_code == 302
    assert PastProject.objects.count() == 1


def test_a_record_is_of_somebody():
    with pytest.raises(IntegrityError), transaction.atomic():
        PastProject.objects.create(plan="甲", title="乙", status="running", source="丙")


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_costs_the_same(client, number, django_assert_num_queries):
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    for n in range(number):
        PastProject.objects.create(**WRITTEN | {"title": f"深海观测{n}"})
    address = reverse("admin:applications_pastproject_changelist")
    client.get(address)
    with django_assert_num_queries(9):
        client.get(address)
