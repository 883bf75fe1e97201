"""The runs of words that two texts have in common, and the small sample by which texts are found."""

import re
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from applications.similarity.texts import Passage

GRAM = 4
"""Words in a row that make two texts comparable at all."""
SHORTEST = 15
"""Words; what is shorter is no finding (DOMAIN: fragments under 15 characters are left out)."""
GAP = 3
"""So many words may differ inside a run: a word exchanged does not hide a copied sentence."""
SAMPLED = 8
"""One gram in so many is kept for finding texts (FracMinHash)."""
MOST_PLACES = 4
"""Places of one gram in a source that are tried; more are repetition."""

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")


class Word(NamedTuple):
    passage: int
    start: int
    end: int


class Run(NamedTuple):
    """Words from `start` up to `end` of a text stand from `source_start` up to `source_end` of another.

    `words` of them are the same; the others are a small change in between, which counts with the run.
    """

    start: int
    end: int
    source_start: int
    source_end: int
    words: int


class Prose:
    """Passages as one row of words; `left_out` says of each whether it counts as the author's own."""

    def __init__(self, passages: Iterable[Passage], *, template: Collection[str] = ()):
        self.passages = list(passages)
        self.words: list[str] = []
        self.where: list[Word] = []
        for index, passage in enumerate(self.passages):
            for found in WORD.finditer(passage.text):
                self.words.append(unicodedata.normalize("NFKC", found[0]).casefold())
                self.where.append(Word(index, found.start(), found.end()))
        self.left_out = bytearray(len(self.words))
        if template:
            for place, gram in enumerate(list(self._grams())):
                if gram in template:
                    self.left_out[place : place + GRAM] = b"\x01" * GRAM
        self._leave_out_fragments()

    def _leave_out_fragments(self) -> None:
        """A passage too short for a finding is not examined at all: names, numbers, single words."""
        counts = [0] * len(self.passages)
        for word in self.where:
            counts[word.passage] += 1
        for place, word in enumerate(self.where):
            if counts[word.passage] < SHORTEST:
                self.left_out[place] = 1

    @property
    def examined(self) -> int:
        """Words that count (检查字数)."""
        return len(self.words) - sum(self.left_out)

    def _grams(self) -> Iterator[str | None]:
        """The gram that begins at each word; None where a passage ends or something is left out."""
        for place in range(len(self.words)):
            last = place + GRAM - 1
            if (
                last >= len(self.words)
                or self.where[place].passage != self.where[last].passage
                or any(self.left_out[place : last + 1])
            ):
                yield None
            else:
                yield "\x1f".join(self.words[place : last + 1])

    @cached_property
    def grams(self) -> list[str | None]:
        return list(self._grams())

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each gram stands, at most at so many places."""
        found: dict[str, list[int]] = {}
        for place, gram in enumerate(self.grams):
            if gram is not None and len(known := found.setdefault(gram, [])) < MOST_PLACES:
                known.append(place)
        return found

    def place(self, start: int) -> str:
        return self.passages[self.where[start].passage].place

    def text(self, start: int, end: int) -> str:
        """The passage's own letters from word `start` up to `end`."""
        first, last = self.where[start], self.where[end - 1]
        return self.passages[first.passage].text[first.start : last.end]


def template_of(texts: Iterable[str]) -> frozenset[str]:
    """The grams of words that everybody may repeat."""
    prose = Prose(Passage("", text) for text in texts)
    prose.left_out = bytearray(len(prose.words))
    return frozenset(gram for gram in prose._grams() if gram)


def number_of(gram: str) -> int:
    """A gram as PostgreSQL's `integer`."""
    return zlib.crc32(gram.encode()) - 2**31


def sample_of(prose: Prose) -> list[int]:
    """One gram in so many, the same ones in every text: their numbers, ordered, each once."""
    numbers = {number_of(gram) for gram in prose.grams if gram is not None}
    return sorted(number for number in numbers if number % SAMPLED == 0)


def runs_of(prose: Prose, source: Prose, *, common: Collection[int] = ()) -> list[Run]:
    """What `prose` has in common with `source`, in order; runs of nothing but `common` grams are left out."""
    runs: list[Run] = []
    place = 0
    while place < len(prose.grams):
        starts = _starts(prose, place, source, runs)
        if not starts:
            place += 1
            continue
        start, length = max(
            ((start, _length(prose, place, source, start)) for start in starts), key=itemgetter(1)
        )
        run = Run(place, place + length, start, start + length, length)
        if runs and _continues(prose, source, runs[-1], run):
            last = runs.pop()
            run = Run(last.start, run.end, last.source_start, run.source_end, last.words + run.words)
        runs.append(run)
        place = run.end
    return [run for run in runs if run.words >= SHORTEST and not _is_common(prose, run, common)]


def _starts(prose: Prose, place: int, source: Prose, runs: list[Run]) -> list[int]:
    """Where the gram at `place` stands in the source: just behind the last run if it does, else anywhere."""
    gram = prose.grams[place]
    if gram is None or gram not in source.places:
        return []
    if runs and place - runs[-1].end <= GAP:
        behind = runs[-1].source_end
        near = [
            start
            for start in range(behind, min(behind + GAP + 1, len(source.grams)))
            if source.grams[start] == gram
        ]
        if near:
            return near
    return source.places[gram]


def _length(prose: Prose, place: int, source: Prose, start: int) -> int:
    """Words that agree from here on, inside one passage of each."""
    passage, other = prose.where[place].passage, source.where[start].passage
    length = GRAM
    while (
        place + length < len(prose.words)
        and start + length < len(source.words)
        and prose.words[place + length] == source.words[start + length]
        and prose.where[place + length].passage == passage
        and source.where[start + length].passage == other
        and not prose.left_out[place + length]
    ):
        length += 1
    return length


def _continues(prose: Prose, source: Prose, last: Run, run: Run) -> bool:
    """Whether only a word or two stand between them, in both texts."""
    return (
        run.start - last.end <= GAP
        and 0 <= run.source_start - last.source_end <= GAP
        and prose.where[run.start].passage == prose.where[last.start].passage
        and source.where[run.source_start].passage == source.where[last.source_start].passage
    )


def _is_common(prose: Prose, run: Run, common: Collection[int]) -> bool:
    """Common wording (套话): every sampled gram of the run stands in very many applications."""
    if not common:
        return False
    grams = filter(None, prose.grams[run.start : max(run.start + 1, run.end - GRAM + 1)])
    sampled = [number for number in map(number_of, grams) if number % SAMPLED == 0]
    return bool(sampled) and all(number in common for number in sampled)


def covered(runs: Iterable[Run]) -> int:
    """Words under any of the runs, each once however many sources hold it (多来源合并)."""
    words = 0
    end = 0
    for run in sorted(runs):
        words += max(0, run.end - max(end, run.start))
        end = max(end, run.end)
    return words
