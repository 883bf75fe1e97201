from django.urls import path

from duties import views

app_name = "duties"

urlpatterns = [
    path("", views.duties, name="list"),
    path("<int:pk>/", views.duty, name="duty"),
    path("<int:pk>/conclude/", views.conclude, name="conclude"),
    path("<int:pk>/files/<slug:code>/", views.upload, name="upload"),
]
