"""Checks real relying parties against `yihao serve`: a line for each check, 0 if all hold."""

import argparse
import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

from browser import Browser, log_in
from deployment import Certificates, Database, Provider
from onboarding import Officers, go_live
from portals import Apache, Applicant, Authlib, OpenidClient
from sms_gateway import Gateway

PERSON = {
    # Division 99 does not exist: a number nobody has.
    "name": "测试二", "id_number": "990035194308170098", "phone": "10000000014",
    "password": "plum-rain-at-noon",
}
# A message whose first try was lost is tried again when its lease ends, after 30 seconds. That it is usually
# there within five is shown where nothing else competes for the machine (tests/it/logout.rs).
BACKCHANNEL_SECONDS = 40


class Checks:
    """What was checked so far."""

    def __init__(self, backend):
        self.backend, self.portal, self.passed, self.failures = backend, "", 0, []
        self.log_lines = []

    def that(self, said, holds, found=""):
        line = f"{self.backend:8} {self.portal:16} {said}"
        if holds:
            self.passed += 1
        else:
            self.failures.append(f"FAIL {line}  {found}")
        print(f"ok   {line}" if holds else self.failures[-1], flush=True)

    @contextlib.contextmanager
    def of(self, portal):
        """Whatever goes wrong with one portal is its failure, and the others go on."""
        self.portal = portal
        try:
            yield
        except Exception:
            self.that("goes through", False, traceback.format_exc())


def sign_up(checks, browser, provider, gateway):
    """The person makes an account on the pages, with the code the gateway received."""
    page = browser.open(f"{provider.issuer}/signup")
    fields = {key: PERSON[key] for key in ("name", "id_number", "phone", "password")}
    page = browser.submit(page, password_again=PERSON["password"], terms="1", **fields)
    code = gateway.code_to("+86" + PERSON["phone"])
    done = browser.submit(page, "signup", code=code)
    checks.that("a person of the register makes an account", "continue" in done.ids, done)
    checks.that("the SMS gateway accepts every signature", not gateway.refused, gateway.refused)


def walk(checks, browser, provider, portal, first):
    """Login, claims and refresh at one portal."""
    page, seen = log_in(browser, portal.sign_in(browser), provider.issuer, PERSON)
    expected = ["login", "consent"] if first else ["consent"]
    checks.that(f"shows {' and '.join(expected)}", seen == expected, seen)
    checks.that("comes back to the portal", page.is_at(portal.base) and page.status == 200, page)
    known = portal.known(browser)
    id_token, userinfo = known["id_token"], known["userinfo"]
    facts = {
        "iss": provider.issuer, "acr": "urn:yihao:acr:1", "amr": ["pwd"], "aud": portal.name,
    }
    found = {name: id_token.get(name) for name in facts}
    found["aud"] = found["aud"][0] if isinstance(found["aud"], list) else found["aud"]
    checks.that("ID token tells issuer, audience, acr and amr", found == facts, id_token)
    told = {
        "sub": id_token["sub"], "name": PERSON["name"],
        "phone_number": "+86" + PERSON["phone"], "phone_number_verified": True,
    }
    holds = all(userinfo.get(name) == value for name, value in told.items())
    checks.that("UserInfo tells name and phone", holds, userinfo)
    hidden = "id_number" not in userinfo and PERSON["id_number"] not in str(known)
    checks.that("the ID number is told nowhere", hidden, known)
    fresh = portal.refresh(browser)
    same = fresh["changed"] and fresh["userinfo"]["sub"] == id_token["sub"]
    checks.that("a refresh brings a new access token", same, fresh)
    return id_token["sub"]


def leave(checks, browser, provider, portal):
    """RP-initiated logout at one portal."""
    # The others may have logged out before: the hint must be of the session that is to end.
    log_in(browser, portal.sign_in(browser), provider.issuer, PERSON)
    browser.visited.clear()
    page = portal.sign_out(browser)
    back = page.url.startswith(portal.base + portal.logged_out)
    checks.that("logout comes back to the portal", back and page.status == 200, page)
    checks.that("logout passes the provider", any(
        url.startswith(f"{provider.issuer}/oauth2/logout") for url in browser.visited), page)
    _, seen = log_in(browser, portal.sign_in(browser), provider.issuer, PERSON)
    checks.that("after it a login is asked for, no consent", seen == ["login"], seen)


def gone(browser, apache):
    """Whether Apache forgets the person in time."""
    until = time.monotonic() + BACKCHANNEL_SECONDS
    while apache.known(browser) and time.monotonic() < until:
        time.sleep(0.2)
    return apache.known(browser) is None


def backchannel(checks, browser, provider, apache, leaving):
    """Somebody leaves another portal; Apache is told behind the browser's back."""
    # What was sent as the others left must have arrived, or it would end the session made now.
    checks.that("was told when the others were left", gone(browser, apache))
    for portal in (apache, leaving):
        log_in(browser, portal.sign_in(browser), provider.issuer, PERSON)
    here = apache.known(browser)
    checks.that("has a session before", here is not None, here)
    leaving.sign_out(browser)
    checks.that("back-channel logout ends its session", gone(browser, apache))
    page = browser.open(apache.base + "/private/")
    checks.that("the protected page asks for a login", "identifier" in page.ids, page)


def more(checks, browser, provider, portal):
    """What openid-client can ask beside."""
    page = portal.sign_in(browser, prompt="none")
    checks.that("prompt=none is answered by login_required", "login_required" in page.body, page)
    page, _ = log_in(browser, portal.sign_in(browser), provider.issuer, PERSON)
    page, seen = log_in(browser, portal.sign_in(browser, max_age="0"), provider.issuer, PERSON)
    checks.that("max_age=0 asks for a login again", seen == ["login"], seen)
    told = portal.ask(browser, "/introspect")
    checks.that("introspection knows its token", told.get("active") is True, told)
    told = portal.ask(browser, "/revoke")
    checks.that("revocation takes back access as well", told.get("active") is False, told)


def scenario(checks, provider, gateway, portals, certificates):
    openid_client, authlib, apache, applicant = portals
    browser, subjects = Browser(certificates.ca), set()
    # Here, since a code of their apps is good once: by the time they log in the next step has begun.
    invitations = provider.invite_officers()
    officers = Officers(certificates.ca, provider.issuer, invitations)
    with checks.of("yihao"):
        sign_up(checks, browser, provider, gateway)
    for portal in (apache, openid_client, authlib):
        with checks.of(portal.name):
            subjects.add(walk(checks, browser, provider, portal, first=portal is apache))
    with checks.of("yihao"):
        checks.that("each portal knows another subject", len(subjects) == 3, subjects)
    for portal in (apache, openid_client, authlib):
        with checks.of(portal.name):
            leave(checks, browser, provider, portal)
    with checks.of(apache.name):
        backchannel(checks, browser, provider, apache, leaving=openid_client)
    with checks.of(openid_client.name):
        more(checks, browser, provider, openid_client)
    with checks.of(applicant.name):
        go_live(checks, certificates.ca, provider, officers, applicant, PERSON)


def check(backend, tools):
    checks = Checks(backend)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yihao-rp-"))
    folder.chmod(0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        certificates = Certificates(folder)
        gateway = Gateway("a secret of the gateway, of this run alone")
        stack.callback(gateway.close)
        database = Database(backend)
        stack.callback(database.close)
        portals = [kind(folder, tools, certificates) for kind in (OpenidClient, Authlib, Apache, Applicant)]
        provider = Provider(folder, certificates, database, gateway, [p.port for p in portals])
        provider.import_people(folder, [PERSON])
        for portal in portals:
            portal.register(provider)
        stack.callback(provider.close)
        provider.start()
        for portal in portals:
            stack.callback(portal.close)
            # One of them has yet to apply.
            if not isinstance(portal, Applicant):
                portal.start()
        scenario(checks, provider, gateway, portals, certificates)
        if checks.failures:
            for log in [provider.log, *(log for portal in portals for log in portal.logs())]:
                print(f"--- {log}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
            lines = provider.log.read_text(errors="replace").splitlines()
            checks.log_lines = [line[:400] for line in lines if '"level":"INFO"' not in line][-20:]
    return checks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=pathlib.Path, required=True)
    parser.add_argument("backends", nargs="*", choices=[[], "sqlite", "postgres"])
    options = parser.parse_args()
    backends = options.backends or ["sqlite", "postgres"]
    if "YIHAO_TEST_POSTGRES_URL" not in os.environ:
        if options.backends and "postgres" in backends:
            sys.exit("YIHAO_TEST_POSTGRES_URL is needed")
        backends = ["sqlite"]
    done = [check(backend, options.tools.resolve()) for backend in backends]
    failures = [line for checks in done for line in checks.failures]
    print(f"{sum(c.passed for c in done)} passed, {len(failures)} failed", flush=True)
    # Again and last, where whoever sees only the end of a log finds them.
    log_lines = [line for checks in done for line in checks.log_lines]
    sys.exit("\n".join([*log_lines, *failures]) if failures else 0)


if __name__ == "__main__":
    main()
