"""What the API reads. Apart from core.api: the framework's views load it while they are being loaded."""

import json

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class SoundJSONParser(JSONParser):
    """JSON that an answer can repeat: no halves of a pair, nothing nested beyond what Python follows."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError):
            raise ParseError(_("没有读懂发来的 JSON。")) from None
        return data
