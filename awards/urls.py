from django.urls import path

from awards import views

app_name = "awards"

urlpatterns = [
    path("publicity/<int:pk>/object/", views.object_to, name="object"),
    path("agreements/", views.agreements, name="agreements"),
    path("agreements/<int:pk>/", views.agreement, name="agreement"),
    path("agreements/<int:pk>/sign/", views.sign, name="sign"),
    path("agreements/<int:pk>/forgo/", views.forgo, name="forgo"),
]
