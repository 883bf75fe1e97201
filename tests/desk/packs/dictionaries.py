"""Small dictionaries with the codes that cases name: regions, industries, subjects and others."""

from datetime import date

from grants.models import Dictionary, DictionaryEntry

ROWS = {
    "regions": [
        ("370000", "山东省", ""),
        ("370200", "青岛市", "370000"),
        ("370202", "市南区", "370200"),
        ("370214", "城阳区", "370200"),
        ("110000", "北京市", ""),
        ("110100", "北京市辖区", "110000"),
        ("110108", "海淀区", "110100"),
    ],
    "industries": [("C", "制造业", ""), ("40", "仪器仪表制造业", "C")],
    "strategic_industries": [("2", "高端装备制造产业", "")],
    "subjects": [("460", "机械工程", ""), ("520", "计算机科学技术", "")],
    "tech_fields": [("1", "电子信息", ""), ("4", "新材料", "")],
    "trl": [("6", "样机在相关环境中演示", ""), ("8", "系统完成并通过试验", "")],
}
"""As in the lists that come with the product (`seeds.dictionaries`), but few."""


def load() -> None:
    """Those that are not there yet."""
    for code, rows in ROWS.items():
        if Dictionary.objects.filter(code=code).exists():
            continue
        dictionary = Dictionary.objects.create(code=code, name=code, valid_from=date(2020, 1, 1))
        DictionaryEntry.objects.bulk_create(
            DictionaryEntry(dictionary=dictionary, code=entry, name=name, parent=parent)
            for entry, name, parent in rows
        )
