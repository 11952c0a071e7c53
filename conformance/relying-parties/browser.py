"""A browser as far as our pages need one: cookies, redirects, forms. It runs no script."""

import html
import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

REDIRECTS = 20


class _Forms(HTMLParser):
    """The forms of a page, and the ids of its elements."""

    def __init__(self):
        super().__init__()
        self.forms, self.ids = [], set()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "form":
            self.forms.append({"action": found.get("action", ""), "fields": {}, "buttons": {}})
        elif tag == "input" and self.forms and found.get("type") == "hidden":
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")
        elif tag == "button" and self.forms:
            self.forms[-1]["buttons"][found.get("id")] = (found.get("name"), found.get("value", ""))


class Page:
    """An answer that is no redirect."""

    def __init__(self, url, status, body):
        self.url, self.status, self.body = url, status, body
        parser = _Forms()
        parser.feed(body)
        self.forms, self.ids = parser.forms, parser.ids

    def is_at(self, origin):
        return self.url.startswith(origin)

    def text(self, name):
        """What stands in the element of this id, which has no element in it."""
        found = re.search(rf'id="{re.escape(name)}"[^>]*>([^<]*)<', self.body)
        assert found, f"no {name} at {self}"
        return html.unescape(found[1]).strip()

    def __str__(self):
        return f"{self.url} ({self.status}): {self.body[:600]}"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are followed here, one by one, so that every address can be looked at."""

    def redirect_request(self, *_):
        return None


class Browser:
    """A browser nobody knows."""

    def __init__(self, ca_file):
        context = ssl.create_default_context(cafile=ca_file)
        self.visited = []
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            _Stay(),
        )
        self._opener.addheaders = [
            ("User-Agent", "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"),
            # mod_auth_openidc sends only browsers to a login.
            ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
        ]

    def open(self, url, fields=None):
        """GET, or POST of a form, and every redirect after it."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        for _ in range(REDIRECTS):
            self.visited.append(url)
            try:
                answer = self._opener.open(urllib.request.Request(url, data=data), timeout=30)
            except urllib.error.HTTPError as error:
                answer = error
            location = answer.headers.get("Location")
            if answer.status in (301, 302, 303, 307, 308) and location:
                answer.read()
                url, data = urllib.parse.urljoin(url, location), None
                continue
            return Page(url, answer.status, answer.read().decode("utf-8", "replace"))
        raise AssertionError(f"redirects go in circles at {url}")

    def submit(self, page, button=None, **fields):
        """Sends a form by one of its buttons, or the first form of a page."""
        assert page.forms, f"no form at {page}"
        having = [form for form in page.forms if button in form["buttons"]]
        form = (having or page.forms)[0]
        sent = dict(form["fields"], **fields)
        name, value = form["buttons"].get(button, (None, ""))
        if name:
            sent[name] = value
        return self.open(urllib.parse.urljoin(page.url, form["action"]), sent)


def log_in(browser, page, issuer, person):
    """Walks through whatever pages of the provider come, and says which came."""
    seen = []
    while page.is_at(issuer) and len(seen) < 6:
        if {"identifier", "password"} <= page.ids:
            seen.append("login")
            page = browser.submit(
                page, "login", identifier=person["id_number"], password=person["password"]
            )
        elif "allow" in page.ids:
            seen.append("consent")
            page = browser.submit(page, "allow")
        else:
            raise AssertionError(f"stuck after {seen} at {page}")
    return page, seen
