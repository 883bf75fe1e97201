from django.urls import path

from milestones import change_views, extension_views, termination_views, views

app_name = "milestones"

urlpatterns = [
    path("<int:pk>/", views.milestone, name="milestone"),
    path("<int:pk>/form/", views.report_form, name="form"),
    path("<int:pk>/files/<slug:code>/", views.upload, name="upload"),
    path("projects/<int:pk>/extension/", extension_views.extend, name="extend"),
    path("extensions/<int:pk>/", extension_views.extension, name="extension"),
    path("projects/<int:pk>/termination/", termination_views.terminate, name="terminate"),
    path("terminations/<int:pk>/", termination_views.termination, name="termination"),
    path("projects/<int:pk>/changes/", change_views.changes, name="changes"),
    path("projects/<int:pk>/changes/<slug:kind>/", change_views.ask, name="ask_change"),
    path("joining/", change_views.joins, name="joining"),
    path("changes/<int:pk>/", change_views.change, name="change"),
    path("reports/<int:pk>.pdf", views.report_pdf, name="report_pdf"),
    path("reports/<int:pk>/opinion/", views.opinion, name="opinion"),
]
