from django.urls import path

from documents import views

app_name = "documents"

urlpatterns = [
    path("<int:pk>/", views.download, name="download"),
    path("<int:pk>/pages/", views.pages, name="pages"),
    path("<int:pk>/pages/<int:number>.png", views.page, name="page"),
    path("uploads/", views.begin, name="begin"),
    path("uploads/<uuid:key>/", views.piece, name="piece"),
]
