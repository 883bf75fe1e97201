"""How pages of the admin name the files of what they show."""

from django.urls import reverse
from django.utils.html import format_html_join

from documents.models import Document


def file_links(subject) -> str:
    """The files of `subject`, each a link to its pages; a dash when there are none."""
    rows = Document.objects.about(subject).order_by("kind")
    links = ((reverse("documents:pages", args=[row.pk]), row.name) for row in rows)
    return format_html_join(" · ", '<a class="text-primary-600 underline" href="{}">{}</a>', links) or "—"
