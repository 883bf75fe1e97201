"""Addresses of the workspace, opened by whoever writes."""

from django.urls import reverse


def url(application, name, *args):
    return reverse(f"applications:{name}", args=[application.pk, *args])


def open_as_author(client, application):
    client.force_login(application.created_by)
    return application
