"""/api/v1/organisations/ and /api/v1/me/."""

import django_filters
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership, Organisation, RoleAssignment, User
from accounts.serializers import MeSerializer, OrganisationDetailSerializer, OrganisationSerializer


class OrganisationFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains", label=_("单位名称包含"))
    region = django_filters.CharFilter(lookup_expr="startswith", label=_("区域代码以此开头"))

    class Meta:
        model = Organisation
        fields = ("name", "credit_code", "kind", "region")


class OrganisationViewSet(viewsets.ReadOnlyModelViewSet):
    """Units the caller may see; one of them with its dated facts."""

    queryset = Organisation.objects.none()  # for the schema alone
    filterset_class = OrganisationFilter

    def get_queryset(self):
        rows = Organisation.objects.visible_to(self.request.user)
        return rows if self.action == "list" else rows.prefetch_related("facts")

    def get_serializer_class(self):
        return OrganisationSerializer if self.action == "list" else OrganisationDetailSerializer


class MeView(APIView):
    """The caller: who they are, their units and offices in force."""

    @extend_schema(responses=MeSerializer)
    def get(self, request):
        me = User.objects.prefetch_related(
            Prefetch("memberships", Membership.objects.filter(is_active=True).select_related("organisation")),
            Prefetch("role_assignments", RoleAssignment.objects.filter(is_active=True)),
        ).get(pk=request.user.pk)
        return Response(MeSerializer(me).data)
