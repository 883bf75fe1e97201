"""Order of stages, closing moments, prefixes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from grants import queries
from grants.models import StageKind
from tests.factories.grants import CallFactory, ProgrammeFactory, TopicFactory

pytestmark = pytest.mark.django_db


def test_stages_follow_one_another_as_the_call_says():
    call = CallFactory(parts__stages=("formal_check", "demander_choice", "expert_review", "decision"))

    kinds = [stage.kind for stage in queries.stages_of(call)]

    assert kinds == ["formal_check", "demander_choice", "expert_review", "decision"]
    assert queries.next_stage(call, None).kind == StageKind.FORMAL_CHECK
    assert queries.next_stage(call, StageKind.DEMANDER_CHOICE).kind == StageKind.EXPERT_REVIEW
    assert queries.next_stage(call, StageKind.DECISION) is None
    with pytest.raises(ValueError, match="unit_review"):
        queries.next_stage(call, StageKind.UNIT_REVIEW)


def test_applying_ends_with_the_earlier_of_call_and_topic():
    topic = TopicFactory()
    assert queries.closing(topic.call, None) == topic.call.closes_at
    assert queries.closing(topic.call, topic) == min(topic.call.closes_at, topic.bids_close_at)
    topic.call.closes_at = timezone.now() + timedelta(days=1)
    assert queries.closing(topic.call, topic) == topic.call.closes_at
    rolling = CallFactory(demand=True)
    assert queries.closing(rolling, None) is None


def test_numbers_begin_with_the_programmes_initials_and_the_year():
    call = CallFactory(programme=ProgrammeFactory(slug="park-cultivation"), year=2026)
    assert queries.number_prefix(call) == "PC2026"


def test_a_programme_of_one_word_gives_its_first_letters():
    prefixes = [
        queries.number_prefix(CallFactory(programme__slug=slug, year=2026))
        for slug in ("saima", "shuoguojin")
    ]
    assert prefixes == ["SAIM2026", "SHUO2026"]
