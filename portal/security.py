"""What every response says about itself to the browser, and what the browser's cookie may be."""

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.secret import secret_key
from services.settings import Settings

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""No inline script, no inline style, nothing from elsewhere."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TWO_YEARS = 2 * 365 * 24 * 3600
_FORM_BYTES = 64 * 1024
"""Every form of Haven's is a few fields; nothing larger is read."""


def register(app: Flask, settings: Settings) -> None:
    """Set cookies, limits, proxies and headers."""
    app.config.update(
        SECRET_KEY=secret_key(settings),
        # The prefix makes the browser itself refuse a cookie set without TLS or for another path.
        SESSION_COOKIE_NAME="__Host-haven" if settings.cookie_secure else "haven",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        MAX_CONTENT_LENGTH=_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        MAX_FORM_PARTS=100,
        # The token is bound to the session, which has its own limits; a form left open must not fail after an hour.
        WTF_CSRF_TIME_LIMIT=None,
    )
    # Werkzeug would redirect these with the Host header's name in it, which anyone may send.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]

    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        if settings.cookie_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}; includeSubDomains"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(set_headers)
