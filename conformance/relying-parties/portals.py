"""The relying parties under test: how each is registered, started and asked."""

import json
import os
import pathlib
import secrets
import subprocess
import urllib.parse

from deployment import end, free_port, run, wait_for

HERE = pathlib.Path(__file__).parent
SCOPE = "openid profile phone offline_access"


class Portal:
    """A relying party that answers in JSON at /me, /refresh and so on."""

    name, algorithm, logged_out = None, None, "/"

    def __init__(self, folder, tools, certificates):
        self.folder, self.tools, self.certificates = folder / self.name, tools, certificates
        self.folder.mkdir(mode=0o755)
        self.port, self._process = free_port(), None
        self.base = f"https://localhost:{self.port}"
        self.log = self.folder / "log"

    def register(self, provider):
        self._issuer = provider.issuer
        # One host is three portals here; each has subjects of its own.
        sector = json.dumps({"sector": self.name})
        self.client = provider.add_client(
            self.name, "--scope", SCOPE, "--alg", self.algorithm, "--with", sector,
            "--redirect-uri", self.base + self.callback,
            "--post-logout-redirect-uri", self.base + self.logged_out, *self.registration(),
        )

    def client_id(self):
        return self.name

    def environment(self):
        return {
            **os.environ, "ISSUER": self._issuer, "BASE": self.base, "PORT": str(self.port),
            "CLIENT_ID": self.client_id(), "CLIENT_SECRET": self.client.get("client_secret", ""),
            "CA_FILE": self.certificates.ca, "TLS_CERT": self.certificates.cert,
            "TLS_KEY": self.certificates.key, "NO_PROXY": "localhost,127.0.0.1",
        }

    def start(self):
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                self.command(), env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )
        wait_for(self.base + "/", self.certificates.ca, self._process, self.log)

    def close(self):
        end(self._process)

    def logs(self):
        """What it wrote."""
        return self.folder.glob("*log")

    def sign_in(self, browser, **parameters):
        return browser.open(f"{self.base}/login?{urllib.parse.urlencode(parameters)}")

    def known(self, browser):
        """What the portal knows of the person: claims of ID token and UserInfo; none signed out."""
        page = browser.open(self.base + "/me")
        return json.loads(page.body) if page.status == 200 else None

    def refresh(self, browser):
        page = browser.open(self.base + "/refresh")
        assert page.status == 200, page
        return json.loads(page.body)

    def sign_out(self, browser):
        return browser.open(self.base + "/logout")


class OpenidClient(Portal):
    """npm `openid-client`, with a key of its own (private_key_jwt)."""

    name, algorithm, callback = "openid-client", "ES256", "/callback"

    def registration(self):
        made = run("node", str(self.tools / "openid_client.mjs"), "keys", str(self.folder / "key"))
        (self.folder / "jwks.json").write_text(made)
        return ["--authentication", "private_key_jwt", "--jwks-file", str(self.folder / "jwks.json")]

    def command(self):
        return ["node", str(self.tools / "openid_client.mjs"), "serve"]

    def environment(self):
        trust = {"KEY_FILE": str(self.folder / "key"), "NODE_EXTRA_CA_CERTS": self.certificates.ca}
        return {**super().environment(), **trust}

    def ask(self, browser, path):
        return json.loads(browser.open(self.base + path).body)


class Applicant(OpenidClient):
    """The same portal, of a unit that applies for access: nobody registers it at a terminal."""

    name = "applicant"

    def register(self, provider):
        self._issuer, self.client = provider.issuer, {}

    def client_id(self):
        return self.client["client_id"]

    def configure(self, client_id, client_secret):
        """What the product showed its developer; then it starts anew."""
        self.close()
        self.client = {"client_id": client_id, "client_secret": client_secret}
        self.start()


class Authlib(Portal):
    """PyPI `Authlib`, its Flask client."""

    name, algorithm, callback, logged_out = "authlib", "PS256", "/callback", "/logged-out"

    def registration(self):
        return ["--authentication", "client_secret_post"]

    def command(self):
        return [str(self.tools / "venv/bin/python"), "-B", str(HERE / "authlib_app.py")]

    def environment(self):
        return {**super().environment(), "REQUESTS_CA_BUNDLE": self.certificates.ca}


class Apache(Portal):
    """Apache's `mod_auth_openidc`, which has a session of its own and hears back-channel logout."""

    name, algorithm, callback = "mod_auth_openidc", "RS256", "/oidc"

    def registration(self):
        return ["--backchannel-logout-uri", f"{self.base}/oidc?logout=backchannel"]

    def command(self):
        pages = self.folder / "pages"
        (pages / "private").mkdir(parents=True)
        (pages / "index.html").write_text("<p id='public'>public</p>")
        (pages / "private/index.html").write_text("<p id='private'>private</p>")
        return ["/usr/sbin/apache2", "-X", "-f", str(HERE / "apache.conf")]

    def environment(self):
        return {
            **super().environment(), "FOLDER": str(self.folder),
            "APACHE_USER": "www-data", "PASSPHRASE": secrets.token_hex(16),
        }

    def sign_in(self, browser, **_):
        return browser.open(self.base + "/private/")

    def known(self, browser):
        page = browser.open(self.base + "/oidc?info=json")
        return json.loads(page.body) if page.status == 200 else None

    def refresh(self, browser):
        before = self.known(browser)
        query = {"refresh": self.base + "/private/", "access_token": before["access_token"]}
        page = browser.open(f"{self.base}/oidc?{urllib.parse.urlencode(query)}")
        assert "private" in page.ids and "error" not in page.url, page
        after = self.known(browser)
        changed = after["access_token"] != before["access_token"]
        return {"changed": changed, "userinfo": after["userinfo"]}

    def sign_out(self, browser):
        query = urllib.parse.urlencode({"logout": self.base + "/"})
        return browser.open(f"{self.base}/oidc?{query}")
