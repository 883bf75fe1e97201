"""`pk__any_of=queryset`: membership in a small set that the database reads first, once."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Field, ForeignKey, Lookup


class AnyOf(Lookup):
    """`column = ANY (ARRAY(SELECT …))`. Takes a queryset of one column.

    `IN (SELECT …)` joins, and inside an OR the planner walks the whole table; the array is known before
    the scan begins, so each side of an OR can use its own index, and a LIMIT stops the scan early.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def __init__(self, lhs, rhs):
        super().__init__(lhs, ArraySubquery(rhs))

    def as_sql(self, compiler, connection):
        left, left_parameters = self.process_lhs(compiler, connection)
        right, right_parameters = compiler.compile(self.rhs)
        return f"{left} = ANY ({right})", [*left_parameters, *right_parameters]


def install() -> None:
    Field.register_lookup(AnyOf)
    ForeignKey.register_lookup(AnyOf)
