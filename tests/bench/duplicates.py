"""Looking for duplicates among very many texts.

The texts are drawn, not written: which word sequences a text holds follows Zipf's law, so that some stand in
nearly every text and most in one or two, as in prose.
"""

import itertools

from django.db import connection

from applications import similarity
from applications.models import ComparedText
from applications.similarity import Passage, Prose
from tests.bench.data import World, bulk_loading
from tests.bench.harness import Bench

TEXTS = 100_000
LENGTH = 250
"""Sampled sequences of one text: about 2 000 words."""
DIFFERENT = 200_000_000
# Log-uniform numbers have frequencies like 1/rank.
DRAWN = """
    INSERT INTO applications_comparedtext (application_id, version, passages, grams)
    SELECT a.id, 1, jsonb_build_array(jsonb_build_array('正文', t.text)), t.grams
    FROM (SELECT id FROM applications_application WHERE submitted_at IS NOT NULL ORDER BY id LIMIT %s) a
    CROSS JOIN LATERAL (
        SELECT array_agg(g ORDER BY g) AS grams, string_agg(chr(19968 + g %% 20000), '') AS text
        FROM (SELECT DISTINCT floor(exp(random() * ln(%s)))::int * 8 AS g
              FROM generate_series(1, %s + a.id * 0)) drawn
    ) t
    ON CONFLICT DO NOTHING
"""
RARE = 50_000
"""What stands in fewer than 200 of a hundred thousand texts."""
INDEX = "compared_text_grams"
FLOOR = (
    "SELECT gram, held.application_id FROM unnest(%s::int[]) AS gram CROSS JOIN LATERAL "
    "(SELECT application_id FROM applications_comparedtext WHERE grams @> ARRAY[gram]) AS held",
    "SELECT passages FROM applications_comparedtext WHERE application_id = ANY(%s)",
)


def build(texts: int) -> None:
    """Texts for so many applications, where there are none yet; the index is made after them."""
    if ComparedText.objects.exists():
        return
    with bulk_loading() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [INDEX])
        (made,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {INDEX}")
        cursor.execute(DRAWN, [texts, DIFFERENT, LENGTH])
        cursor.execute(made)
        cursor.execute("ANALYZE applications_comparedtext")


def duplicates(world: World, runs: int) -> Bench:
    """Find the texts that explain most of one, and compare it with each: another one each time.

    The floor: who holds its rare sequences, and the text of thirty of them.
    """
    build(min(TEXTS, world.rows))
    keys = list(ComparedText.objects.order_by("pk").values_list("pk", flat=True))
    chosen = keys[:: max(1, len(keys) // runs)]
    texts = itertools.cycle(ComparedText.objects.filter(pk__in=chosen).select_related("application"))

    def compare():
        text = next(texts)
        prose = Prose(Passage(*pair) for pair in text.passages)
        for other in similarity.candidates(text)[0]:
            similarity.runs_of(prose, Prose(Passage(*pair) for pair in other.passages))

    rare = {}

    def floor():
        text = next(texts)
        if text.pk not in rare:
            rare[text.pk] = [gram for gram in text.grams if gram > RARE]
        with connection.cursor() as cursor:
            cursor.execute(FLOOR[0], [rare[text.pk]])
            found = [key for _gram, key in cursor.fetchall()]
            cursor.execute(FLOOR[1], [found[:30]])
            cursor.fetchall()

    return Bench("duplicates", compare, floor, rounds=30, rows=len(keys))
