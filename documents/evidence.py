"""The files of a form of evidence: what was chosen now, and what was kept when the form came back."""

import hashlib
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from core.workflow import Refused
from documents import uploads

MOST_BYTES = 20 * 1024 * 1024
"""A larger file is not kept for a form that comes back."""


class Evidence:
    """The files that come with one form of one visitor: at most `most` in all.

    A form that comes back keeps them: bound to the person, or without one to the session, and to the form.
    """

    most_bytes = MOST_BYTES

    def __init__(self, request, form: str, *, most: int):
        self.most = most
        self.by = request.user if request.user.is_authenticated else None
        self.form = form if self.by else f"{form}:{_session(request)}"
        self.sent = request.FILES.getlist("files")
        self.held = uploads.held(form=self.form, by=self.by) if self.form else []
        if request.method == "POST":
            wanted = request.POST.getlist("held")
            for upload in [one for one in self.held if str(one.key) not in wanted]:
                uploads.end_upload(upload=upload)
                self.held.remove(upload)

    @property
    def limit(self) -> int:
        """The bytes of one file at most."""
        return settings.DOCUMENT_MAX_BYTES

    @contextmanager
    def files(self):
        """All of them, to be stored. Raises Refused when there are too many. Behind it nothing is kept."""
        if len(self.sent) + len(self.held) > self.most:
            raise Refused(_("最多上传 %(n)s 个文件。") % {"n": self.most}, field="files")
        with ExitStack() as opened:
            yield [opened.enter_context(uploads.put_together(one)) for one in self.held] + self.sent
        for one in self.held:
            uploads.end_upload(upload=one)
        self.held = []

    def keep(self, *, at) -> list[str]:
        """Keep what was chosen now, as the form comes back; returns why a file could not be kept."""
        problems = []
        for file in self.sent:
            if len(self.held) >= self.most:
                return [*problems, _("最多上传 %(n)s 个文件。") % {"n": self.most}]
            if file.size > self.most_bytes:
                words = {
                    "name": file.name,
                    "size": filesizeformat(file.size),
                    "kept": filesizeformat(self.most_bytes),
                }
                sentence = _("文件“%(name)s”有 %(size)s，超过 %(kept)s，没有替您保留，请重新选择。")
                problems.append(sentence % words)
                continue
            try:
                self.held.append(uploads.hold(file=file, form=self.form, by=self.by, at=at))
            except Refused as refused:
                problems.append(refused.message)
        return problems


def _session(request) -> str:
    """What tells the sessions of visitors apart; their key itself is kept nowhere."""
    if request.session.session_key is None:
        if request.method != "POST":
            return "none"
        request.session.create()
    return hashlib.sha256(request.session.session_key.encode()).hexdigest()[:40]
