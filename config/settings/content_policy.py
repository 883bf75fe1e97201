"""Content security policy: nothing inline, nothing from another host.

The admin (django-unfold) runs Alpine.js, which evaluates attributes, and sets style attributes:
`config.middleware.admin_content_policy` widens the policy for /admin/ alone by exactly that.
"""

from csp.constants import NONE, SELF

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
