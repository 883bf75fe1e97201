"""YAML that people upload: no references, and nested no deeper than anybody writes.

A few lines of references stand for gigabytes, and a thousand brackets for more calls than Python has.
"""

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

__all__ = ["MarkedYAMLError", "YAMLError", "load"]

DEEPEST = 40


class _Composer(Composer):
    def return_alias(self, node):
        raise ComposerError(None, None, _("请写出内容，不使用引用（& 和 *）"), node.start_mark)


def load(text: str):
    """The tree of a text, each node knowing its line (`lc`). Raises YAMLError, mostly with a mark."""
    yaml = YAML(typ="rt")
    yaml.Composer = _Composer
    yaml.max_depth = DEEPEST
    try:
        return yaml.load(text)
    except MaxDepthExceededError as fault:
        said = _("嵌套超过 %(most)s 层") % {"most": DEEPEST}
        raise ComposerError(None, None, said, fault.problem_mark) from None
