"""The clock that ends notices."""

from datetime import timedelta

import pytest
from django.utils import timezone

from awards import actions, tasks
from awards.models import Award, Publicity
from awards.states import PublicityState
from tests.factories.awards import publicised

pytestmark = pytest.mark.django_db


def test_the_day_after_the_period_awards_and_nothing_else_does():
    now = timezone.now()
    over = publicised(at=now - timedelta(days=40))
    objected = publicised(at=now - timedelta(days=40))
    actions.object(
        publicity=objected,
        item=None,
        name="李建国",
        phone="13812345678",
        text="该项目与已立项项目内容重复。",
        at=now - timedelta(days=39),
    )
    running = publicised(at=now)

    first, second = tasks.close_publicities(), tasks.close_publicities()

    assert (first, second) == (1, 0)
    assert dict(Publicity.objects.values_list("pk", "state")) == {
        over.pk: PublicityState.CLOSED,
        objected.pk: PublicityState.SUSPENDED,
        running.pk: PublicityState.RUNNING,
    }
    award = Award.objects.get()
    assert (award.application_id, award.awarded_by) == (over.items.get().application_id, None)
