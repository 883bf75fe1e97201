from django.urls import path

from milestones import views

app_name = "milestones"

urlpatterns = [
    path("<int:pk>/", views.milestone, name="milestone"),
    path("reports/<int:pk>/opinion/", views.opinion, name="opinion"),
]
