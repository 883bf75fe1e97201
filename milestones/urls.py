from django.urls import path

from milestones import extension_views, views

app_name = "milestones"

urlpatterns = [
    path("<int:pk>/", views.milestone, name="milestone"),
    path("<int:pk>/form/", views.report_form, name="form"),
    path("<int:pk>/files/<slug:code>/", views.upload, name="upload"),
    path("projects/<int:pk>/extension/", extension_views.extend, name="extend"),
    path("extensions/<int:pk>/", extension_views.extension, name="extension"),
    path("reports/<int:pk>.pdf", views.report_pdf, name="report_pdf"),
    path("reports/<int:pk>/opinion/", views.opinion, name="opinion"),
]
