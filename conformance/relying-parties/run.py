"""Real relying parties, unmodified, over TLS: mod_auth_openidc, openid-client, Authlib.

    run.py PROGRAM [POSTGRES_URL]

Installs the parties into target/relying-parties; Apache and its module come from Debian. Prints a line for
each check; fails with the first that does not hold.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import provider as yihao
from provider import PERSON, free_port, module_folder, run

HOME = module_folder().parent.parent / "target" / "relying-parties"


def say(text):
    print(f"ok  {text}", flush=True)


def check(condition, text, *more):
    if not condition:
        raise AssertionError(f"{text}: {more}")
    say(text)


def install():
    HOME.mkdir(parents=True, exist_ok=True)
    if not (HOME / "venv" / "bin" / "pip").exists():
        run(sys.executable, "-m", "venv", HOME / "venv")
    run(HOME / "venv" / "bin" / "pip", "install", "--quiet", "authlib", "requests")
    if not (HOME / "node_modules" / "openid-client").exists():
        run("npm", "install", "--prefix", HOME, "--no-save", "--no-audit", "--no-fund", "openid-client@6")
    shutil.copy(module_folder() / "openid_client_party.mjs", HOME / "openid_client_party.mjs")


def converse(op, name, command, environment, redirect_uri):
    """Lets a party send a person to us and take what comes back."""
    party = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    going = json.loads(party.stdout.readline())
    landing = op.browser().log_in(going["go"], PERSON, stop_at=redirect_uri)
    party.stdin.write(json.dumps({"landing": landing}) + "\n")
    party.stdin.flush()
    said = json.loads(party.stdout.readline())
    check(party.wait(30) == 0, f"{name}: ends well")
    check(said["userinfo"]["sub"] == said["sub"], f"{name}: UserInfo names the subject of the ID token")
    check(said["userinfo"]["name"] == PERSON["name"], f"{name}: learns the name")
    check(said["refreshed"], f"{name}: refreshes")


def python_and_node(op):
    redirect_uri = "https://localhost:9/cb"
    arguments = ["--name", "测试门户", "--redirect-uri", redirect_uri, "--scope", "openid profile offline_access"]
    secret = op.add_client("authlib", *arguments)
    converse(op, "Authlib", [
        HOME / "venv" / "bin" / "python", module_folder() / "authlib_party.py",
        op.issuer, "authlib", secret, redirect_uri, op.ca,
    ], os.environ, redirect_uri)
    secret = op.add_client("openid-client", *arguments)
    trust = {**os.environ, "NODE_EXTRA_CA_CERTS": str(op.ca)}
    converse(op, "openid-client", [
        "node", HOME / "openid_client_party.mjs", op.issuer, "openid-client", secret, redirect_uri,
    ], trust, redirect_uri)


def apache_config(op, folder, port, secret):
    modules = "/usr/lib/apache2/modules"
    names = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "ssl", "dir", "headers"]
    load = "\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names)
    site = folder / "site"
    (site / "secret").mkdir(parents=True)
    (site / "secret" / "index.html").write_text("the secret page")
    (site / "index.html").write_text("the open page")
    config = folder / "apache.conf"
    config.write_text(f'''
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/apache.log"
LogLevel warn auth_openidc:info
{load}
User www-data
Group www-data
Listen 127.0.0.1:{port} https
DocumentRoot "{site}"
SSLEngine on
SSLCertificateFile "{folder}/cert.pem"
SSLCertificateKeyFile "{folder}/key.pem"
OIDCProviderMetadataURL {op.issuer}/.well-known/openid-configuration
OIDCCABundlePath {op.ca}
OIDCClientID apache
OIDCClientSecret {secret}
OIDCRedirectURI https://localhost:{port}/secret/cb
OIDCCryptoPassphrase a-passphrase-of-the-test
OIDCPKCEMethod S256
OIDCScope "openid profile"
OIDCDefaultURL https://localhost:{port}/
OIDCRemoteUserClaim sub
OIDCSessionType server-cache
OIDCCacheType file
OIDCCacheDir {folder}/cache
<Directory "{site}">
    Require all granted
</Directory>
<Location /secret>
    AuthType openid-connect
    Require valid-user
    Header set X-Remote-User "expr=%{{REMOTE_USER}}"
    Header set X-Name "expr=%{{reqenv:OIDC_CLAIM_name}}"
</Location>
''')
    (folder / "cache").mkdir()
    shutil.chown(folder / "cache", "www-data")
    return config


def apache(op, folder, port):
    base = f"https://localhost:{port}"
    secret = op.add_client(
        "apache", "--name", "测试 Apache", "--redirect-uri", f"{base}/secret/cb",
        "--post-logout-redirect-uri", f"{base}/",
        "--backchannel-logout-uri", f"{base}/secret/cb?logout=backchannel",
    )
    os.chmod(folder, 0o755)
    config = apache_config(op, folder, port, secret)
    server = subprocess.Popen(["/usr/sbin/apache2", "-DFOREGROUND", "-f", config])
    try:
        time.sleep(2)
        walk_apache(op, base)
    except AssertionError:
        print((folder / "apache.log").read_text()[-4000:])
        raise
    finally:
        server.terminate()
        server.wait(20)


def walk_apache(op, base):
    page_url = f"{base}/secret/index.html"
    browser = op.browser()
    page = browser.log_in(page_url, PERSON)
    check(page.body == "the secret page", "mod_auth_openidc: logs in", page.url, page.body[:500])
    check(len(page.headers["x-remote-user"]) == 43, "mod_auth_openidc: has the subject")
    page = browser.follow(f"{base}/secret/cb?logout=" + base.replace("/", "%2F") + "%2F")
    check(page.body == "the open page", "mod_auth_openidc: logs out and comes back", page.url, page.body[:500])
    check(browser.follow(page_url).has("identifier"), "mod_auth_openidc: asks for a login again")
    other = browser.log_in(page_url, PERSON)
    check(other.body == "the secret page", "mod_auth_openidc: logs in again")
    action, hidden = browser.follow(f"{op.issuer}/oauth2/logout").form()
    browser.open(action, hidden)
    for _ in range(50):
        answer = browser.open(page_url)
        if answer.status == 302:
            say("mod_auth_openidc: the back-channel logout ended its session")
            return
        time.sleep(0.1)
    raise AssertionError("mod_auth_openidc: its session outlived the logout")


def main():
    program, database = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else ""
    install()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yihao-parties-"))
    port = free_port()
    op = yihao.Provider(program, folder, database, [port])
    try:
        say(f"the provider runs on {'PostgreSQL' if database else 'SQLite'}, and a person signed up")
        python_and_node(op)
        apache(op, folder, port)
    finally:
        op.stop()
        shutil.rmtree(folder, ignore_errors=True)


main()
