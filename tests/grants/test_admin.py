"""Programmes and topics in the admin; the call's own pages are the desk's."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core.calendar import end_of_day
from tests.factories.accounts import officer
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db


def press(client, model, pk, name, data=None):
    return client.post(reverse(f"admin:grants_{model}_{name}", args=[pk]), data or {})


def test_topics_are_closed_and_marked_unfilled_by_buttons(client):
    topic = TopicFactory()
    client.force_login(officer(Role.PROGRAMME_MANAGER, topic.call.programme.department))

    assert client.get(reverse("admin:grants_topic_changelist")).status_code == 200
    assert client.get(reverse("admin:grants_topic_change", args=[topic.pk])).status_code == 200
    assert press(client, "topic", topic.pk, "unfilled", {"note": "无人揭榜"}).status_code == 302
    topic.refresh_from_db()
    assert topic.state == "unfilled"


def test_an_unfilled_topic_is_listed_again_by_a_button(client):
    topic = TopicFactory(call=CallFactory(demand=True))
    client.force_login(officer(Role.PROGRAMME_MANAGER, topic.call.programme.department))
    page = reverse("admin:grants_topic_relist", args=[topic.pk])
    assert client.get(page).status_code == 403
    press(client, "topic", topic.pk, "unfilled", {"note": "无人揭榜"})

    assert page in client.get(reverse("admin:grants_topic_change", args=[topic.pk])).content.decode()
    assert client.get(page).status_code == 200
    early = press(client, "topic", topic.pk, "relist", {"bids_close_at": "2020-01-01", "note": "再试一次"})
    assert early.status_code == 422
    assert "揭榜截止时间应在发榜之后。" in early.content.decode()
    assert "再试一次" in early.content.decode()
    day = timezone.localdate() + timedelta(days=20)
    assert press(client, "topic", topic.pk, "relist", {"bids_close_at": day}).status_code == 302

    topic.refresh_from_db()
    assert (topic.state, topic.bids_close_at) == ("listed", end_of_day(day))
    assert client.get(page).status_code == 403


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_year_of_a_call_has_no_thousands_separator(client, language):
    call = CallFactory(year=2023)
    client.cookies["django_language"] = language
    client.force_login(officer(Role.PROGRAMME_MANAGER, call.programme.department))

    page = client.get(reverse("admin:grants_call_changelist")).content.decode()

    assert re.search(r"field-year[^>]*>\s*2023\s*<", page)
    assert (
        "2,023" not in page + client.get(reverse("admin:grants_call_change", args=[call.pk])).content.decode()
    )


def test_programmes_and_calls_are_listed(client):
    call = CallFactory()
    client.force_login(officer(Role.PROGRAMME_MANAGER, call.programme.department))
    assert client.get(reverse("admin:grants_programme_changelist")).status_code == 200
    assert call.title in client.get(reverse("admin:grants_call_changelist")).content.decode()
    assert client.get(reverse("admin:grants_call_add")).status_code == 200
