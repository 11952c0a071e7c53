"""A browser without scripts: cookies, redirects, and our forms walked as a person would."""

import html
import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Page:
    def __init__(self, url, answer):
        self.url, self.status, self.headers = url, answer.status, answer.headers
        self.body = answer.read().decode(errors="replace")

    def has(self, element_id):
        return f'id="{element_id}"' in self.body

    def form(self):
        found = re.search(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.body, re.S)
        if not found:
            raise AssertionError(f"no form at {self.url} ({self.status}): {self.body[:2000]}")
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found.group(2))
        action = urllib.parse.urljoin(self.url, html.unescape(found.group(1)))
        return action, {name: html.unescape(value) for name, value in hidden}


class Browser:
    def __init__(self, ca_file):
        context = ssl.create_default_context(cafile=ca_file)
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(self.jar),
            NoRedirect(),
        )

    def open(self, url, fields=None):
        """One request, not followed."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        request = urllib.request.Request(url, data=data, headers={"Accept": "text/html"})
        try:
            return Page(url, self.opener.open(request, timeout=20))
        except urllib.error.HTTPError as answer:
            return Page(url, answer)

    def follow(self, url, stop_at=None, fields=None):
        """Follows redirects; stops before an address that begins with `stop_at`, and gives it."""
        page = self.open(url, fields)
        for _ in range(15):
            location = page.headers.get("location")
            if not location:
                return page
            url = urllib.parse.urljoin(page.url, location)
            if stop_at and url.startswith(stop_at):
                return url
            page = self.open(url)
        raise AssertionError(f"redirects in circles at {url}")

    def log_in(self, start, person, stop_at=None):
        """From an address through whatever pages come, to a page that is none of the login's."""
        page = self.follow(start, stop_at)
        for _ in range(6):
            if isinstance(page, str):
                return page
            if page.has("identifier"):
                fields = {"identifier": person["id_number"], "password": person["password"]}
            elif page.has("allow"):
                fields = {"decision": "allow"}
            else:
                return page
            action, hidden = page.form()
            page = self.follow(action, stop_at, {**hidden, **fields})
        raise AssertionError(f"the login does not end: {page.url}")
