"""What is compared of a sealed version: its prose, without lists of references and the notice's own words."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from applications.questions.files import files_of
from documents.words import words_of
from grants.models import Call, EligibilityRule, Question, QuestionKind, Section, Topic

PROSE = {QuestionKind.LINE, QuestionKind.TEXT, QuestionKind.LIST}
ROWS = {QuestionKind.TABLE, QuestionKind.SUBPROJECTS, QuestionKind.INDICATORS}
MOST_LETTERS = 400_000
"""Letters of one version that are compared: about 400 pages."""

REFERENCES = re.compile(
    r"^\W*(?:[一二三四五六七八九十\d]+[、.．\s]*)?(?:主要)?(?:参考文献|引用文献|references|bibliography)\W*$",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"^\s*[\[［【]\d{1,3}[\]］】]")
# What only references have: kind of work, address, several authors, volume and pages, year after a sign.
REFERENCE = re.compile(
    r"[\[［](?:[JMDCNPRSZ]|EB|DB|CP)(?:/OL)?[\]］]|\bdoi\b|https?://|出版社|\bet al\b|[,，]\s*等[.．,，]"
    r"|\bvol\.|\bpp\.|[:：]\s*\d+\s*[-–—~～]\s*\d+"
    r"|[\s,，.．(（](?:19|20)\d{2}[a-z]?\s*(?:[)）,，.．;；:：]|年?。?\s*$)",
    re.IGNORECASE,
)
PROSE_BETWEEN = 3
"""Lines within a list that need not look like references: a long one goes on over several lines of a page."""
LONG = 200
"""Letters of a line that is a paragraph, unless it looks like a reference."""
# "3.1 研究方案" alone on its line is a heading; "3. 张三. 水声换能器[J]. 2019" is a reference.
HEADING = re.compile(
    r"^\s*(?:第?[一二三四五六七八九十]{1,3}[章节部、.．]|[（(][一二三四五六七八九十]{1,3}[)）]|附[件录表]"
    r"|\d{1,2}(?:[.．]\d{1,2}){0,3}[、.．\s]\s*[\u3400-\u9fff]{2,30}\s*$)"
)


class Passage(NamedTuple):
    """A piece of prose and where it stands: the question's wording, or the file's name."""

    place: str
    text: str


def passages_of(content: dict) -> list[Passage]:
    """The prose of a sealed content, the words of its files included; one query per file not read lately."""
    found, left = [], MOST_LETTERS
    for place, text in _pieces(content):
        text = without_references(text)[:left]
        left -= len(text)
        if text.strip():
            found.append(Passage(place, text))
        if not left:
            break
    return found


def _pieces(content: dict) -> Iterator[tuple[str, str]]:
    yield _("项目名称"), content["title"]
    yield _("项目摘要"), content["summary"]
    files = []
    for answer in content["answers"]:
        if answer["kind"] in PROSE and "参考文献" not in answer["label"]:
            yield answer["label"], answer["text"]
        elif answer["kind"] in ROWS:
            for row in answer["rows"]:
                yield from ((answer["label"], cell) for cell in row)
        elif answer["kind"] == QuestionKind.ATTACHMENT:
            files += files_of(answer["value"])
    for file in files:
        yield file.get("name", ""), words_of(file)


def unread_in(content: dict) -> list[str]:
    """Names of the files in which no words could be read: pictures, scans, what is locked."""
    attached = [answer for answer in content["answers"] if answer["kind"] == QuestionKind.ATTACHMENT]
    files = [file for answer in attached for file in files_of(answer["value"])]
    return [file.get("name", "") for file in files if not words_of(file).strip()]


def without_references(text: str) -> str:
    """The text without its references: lists under their heading, and lines that begin with [3].

    A list ends with the next heading, or where prose follows: whoever writes the heading alone hides nothing.
    """
    kept: list[str] = []
    waiting: list[str] = []
    is_list = is_begun = False
    for line in text.splitlines():
        if REFERENCES.match(line):
            is_list, is_begun, waiting = True, False, []
        elif not is_list:
            if not NUMBERED.match(line) or _is_prose(line):
                kept.append(line)
        elif (NUMBERED.match(line) or REFERENCE.search(line)) and not _is_prose(line):
            # What stood before it belonged to the one before.
            is_begun, waiting = True, []
        elif line.strip():
            waiting.append(line)
            if HEADING.match(line) or _is_prose(line) or len(waiting) > PROSE_BETWEEN:
                kept += waiting
                is_list, waiting = False, []
    return "\n".join(kept if is_begun else kept + waiting)


def _is_prose(line: str) -> bool:
    """A sentence or more: it ends with a 。, which references do not, or is longer than a reference is."""
    stops, longest = (1, 2 * LONG) if NUMBERED.match(line) or REFERENCE.search(line) else (0, LONG)
    return line.count("。") > stops or len(line) > longest


def words_of_call(call: Call) -> list[str]:
    """The notice's own words, which anybody may repeat (模板文字): its text, form, topics and rules."""
    texts = [call.title, call.title_en, call.notice]
    for model, names in (
        (Section, ("title", "help", "title_en", "help_en")),
        (Question, ("label", "help", "label_en", "help_en")),
        (Topic, ("title", "content", "bidder_conditions")),
        (EligibilityRule, ("text", "hint", "text_en", "hint_en")),
    ):
        for row in model.objects.filter(call=call).values_list(*names):
            texts += row
    return [text for text in texts if text]
