from django.urls import path

from reviews import views

app_name = "reviews"

urlpatterns = [
    path("record/", views.record, name="record"),
    path("choice/<int:pk>/", views.choice, name="choice"),
]
