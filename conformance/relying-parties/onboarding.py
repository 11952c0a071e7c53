"""A portal's way from its application to everybody, with a relying party that nobody changed: its developer
applies on the public form, two officers decide in the console, and what the product shows is all the portal knows."""

import base64
import hashlib
import hmac
import re
import struct
import time

from browser import Browser, log_in

PASSWORD = "Lantern orchard 7 bridges"
APPLICATION = {
    "unit_name": "云州市行政审批服务管理局",
    # The body PDY is for private use: an organisation nobody has.
    "unit_code": "12140100PDY0000792",
    "portal_name": "云州市民生服务平台", "contact_name": "陈建国", "contact_phone": "10000009050",
    "contact_email": "chen@yz.example.gov.cn",
    "purpose": "为市民在线办理水电燃气过户，依据云政办发〔2026〕12 号。",
    "reason_profile": "核对办事人", "reason_phone": "联系办事人",
    "reason_offline_access": "办理期间更新状态",
    "profile": "server_with_secret", "algorithm": "ES256",
}


def _code(secret, step):
    """What an authenticator app shows in a step of 30 seconds (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at:at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


class Officer:
    """An officer with a browser and an authenticator app."""

    def __init__(self, ca_file, issuer, invitation, login_name):
        self._browser, self._issuer, self._name = Browser(ca_file), issuer, login_name
        page = self._browser.open(invitation)
        secret = re.search(r'<p class="secret" translate="no">([^<]*)</p>', page.body)
        assert secret, page
        self._secret = re.sub(r"\s", "", secret[1])
        page = self._browser.submit(
            page, "accept", login_name=login_name, password=PASSWORD, password_again=PASSWORD,
            code=self._next_code(),
        )
        assert page.url.endswith("/console/login"), page

    def _next_code(self):
        """A code good for one use, early in a step, so that it is not over when it arrives."""
        step = int(time.time()) // 30
        while step == getattr(self, "_used", None) or time.time() % 30 > 25:
            time.sleep(0.2)
            step = int(time.time()) // 30
        self._used = step
        return _code(self._secret, step)

    def log_in(self):
        page = self._browser.open(f"{self._issuer}/console/login")
        page = self._browser.submit(
            page, "login", login_name=self._name, password=PASSWORD, code=self._next_code()
        )
        assert page.url == f"{self._issuer}/console", page

    def application(self):
        """The address of the newest application."""
        page = self._browser.open(f"{self._issuer}/console/onboarding")
        found = re.search(r'href="(/console/onboarding/[0-9a-f-]{36})"', page.body)
        assert found, page
        return self._issuer + found[1]

    def act(self, address, deed):
        """Does something with an application, with a reason."""
        page = self._browser.open(address)
        page = self._browser.submit(page, deed, reason="材料齐全")
        assert "notice-good" in page.body, page

    def approve(self):
        """Approves the act that waits."""
        page = self._browser.open(f"{self._issuer}/console/acts")
        waiting = [name for name in page.ids if name.startswith("approve-")]
        assert len(waiting) == 1, page
        return self._browser.submit(page, waiting[0])


class Officers:
    """Those a portal needs: one reviews and asks, another decides."""

    def __init__(self, ca_file, issuer, invitations):
        self.system, self.security = (
            Officer(ca_file, issuer, invitations[f"{kind}_officer"], kind)
            for kind in ("system", "security")
        )


class Developer:
    """Whoever has the tracking link."""

    def __init__(self, ca_file, issuer):
        self._browser, self._issuer, self._link = Browser(ca_file), issuer, None

    def apply(self, portal):
        page = self._browser.open(f"{self._issuer}/onboarding")
        page = self._browser.submit(
            page, "apply", **APPLICATION, redirect_uris=portal.base + portal.callback,
            post_logout_redirect_uris=portal.base + portal.logged_out,
        )
        self._link = page.text("tracking")

    def page(self):
        return self._browser.open(self._link)

    def press(self, button):
        return self._browser.submit(self.page(), button)

    def credentials(self):
        """`client_id` and a secret made now."""
        page = self.press("secret")
        return page.text("client-id"), page.text("client-secret")

    def tester(self):
        page = self.press("tester")
        return {"id_number": page.text("tester-number"), "password": page.text("tester-password")}


def red(page):
    """The lines of the self-check that are neither green nor not needed."""
    findings = re.findall(r'class="check check-([a-z-]+)">\s*<p class="check-name">([^<]*)', page.body)
    assert findings, page
    return [f"{name.strip()}: {finding}" for finding, name in findings
            if finding not in ("green", "not-needed")]


def go_live(checks, ca_file, provider, officers, portal, person):
    """The whole way; checks what the developer, the officers and a citizen see."""
    developer = Developer(ca_file, provider.issuer)
    developer.apply(portal)
    officers.system.log_in()
    application = officers.system.application()
    officers.system.act(application, "approve")
    portal.configure(*developer.credentials())
    checks.that("starts with what its developer was shown", True)
    citizen = Browser(ca_file)
    page = portal.sign_in(citizen)
    page = citizen.submit(
        page, "login", identifier=person["id_number"], password=person["password"]
    )
    checks.that("in the sandbox nobody real gets in", page.is_at(provider.issuer), page)

    tester, somebody = developer.tester(), Browser(ca_file)
    page, _ = log_in(somebody, portal.sign_in(somebody), provider.issuer, tester)
    known = portal.known(somebody)
    checks.that("a test person logs in", known is not None and "sub" in known["userinfo"], page)
    checks.that("and stays with a refresh token", portal.refresh(somebody)["changed"])
    page = portal.sign_out(somebody)
    checks.that("and leaves by the provider", page.is_at(portal.base), page)
    page = developer.press("addresses")
    checks.that("the self-check is green, with TLS", not red(page), red(page))

    developer.press("live")
    officers.system.act(application, "go-live")
    before = portal.sign_in(citizen)
    checks.that("one officer alone lets nobody in", before.is_at(provider.issuer), before)
    officers.security.log_in()
    officers.security.approve()
    # What the sandbox issued is void, the secret too; a token knows its second alone.
    time.sleep(1)
    portal.configure(*developer.credentials())
    citizen = Browser(ca_file)
    page, seen = log_in(citizen, portal.sign_in(citizen), provider.issuer, person)
    checks.that("a citizen logs in and consents", seen == ["login", "consent"], seen)
    known = portal.known(citizen)
    told = known and known["userinfo"].get("name") == person["name"]
    checks.that("the portal knows the citizen by name", told, page)
    checks.that("the ID number is told nowhere", person["id_number"] not in str(known), known)
    checks.that("a refresh brings a new access token", portal.refresh(citizen)["changed"])
