"""A provider over TLS with one person, who signed up through the pages; messages come to a gateway here."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.parse

from walker import Browser

PERSON = {
    "name": "测试一",
    "id_number": "990018194110240058",
    "phone": "10000000007",
    "password": "lantern over the lake",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_certificates(folder):
    """A test authority, and a certificate for localhost."""
    ca, key, request, cert = (folder / name for name in ("ca.pem", "key.pem", "cert.csr", "cert.pem"))
    ca_key, extensions = folder / "ca.key", folder / "extensions"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
        "-keyout", ca_key, "-out", ca)
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
        "-keyout", key, "-out", request)
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    run("openssl", "x509", "-req", "-days", "2", "-in", request, "-CA", ca, "-CAkey", ca_key,
        "-CAcreateserial", "-extfile", extensions, "-out", cert)
    return ca, cert, key


class Gateway:
    """The SMS gateway of docs/integration/sms-gateway.md, as far as a test needs one."""

    def __init__(self):
        self.codes, self.port = [], free_port()
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                gateway.codes.append(body["variables"]["code"])
                answer = json.dumps({"code": 0, "receipt": body["message_id"]}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def code(self):
        for _ in range(200):
            if self.codes:
                return self.codes[-1]
            time.sleep(0.05)
        raise AssertionError("no message arrived")


class Provider:
    def __init__(self, program, folder, database_url, allowed_ports):
        self.program, self.folder = program, folder
        self.ca, cert, key = make_certificates(folder)
        self.gateway, port = Gateway(), free_port()
        self.issuer = f"https://localhost:{port}"
        (folder / "sms.secret").write_text("a secret of the test gateway\n")
        os.chmod(folder / "sms.secret", 0o600)
        allowed = [f"localhost:{port}" for port in (self.gateway.port, *allowed_ports)]
        database = f'[database]\nurl = "{database_url}"\n' if database_url else ""
        self.config = folder / "yihao.toml"
        self.config.write_text(f'''
issuer = "{self.issuer}"
listen = "127.0.0.1:{port}"
data_dir = "{folder}/data"
accept_synthetic = true
{database}
[tls]
cert_file = "{cert}"
key_file = "{key}"
[outbound]
allow = {json.dumps(allowed)}
ca_file = "{self.ca}"
[sms]
url = "http://localhost:{self.gateway.port}/sms"
app_id = "test"
secret_file = "{folder}/sms.secret"
[sms.templates]
login_code = "1"
bind_phone = "2"
reset_password = "3"
security_notice = "4"
''')
        self.command("migrate")
        people = folder / "people.csv"
        people.write_text(f"name,id_number\n{PERSON['name']},{PERSON['id_number']}\n")
        self.command("register", "import", "people", people)
        log = open(folder / "yihao.log", "w")
        self.process = subprocess.Popen([program, "serve", "--config", self.config], stderr=log)
        self.wait()
        self.sign_up()

    def command(self, *arguments):
        return run(self.program, *arguments, "--config", self.config, "--json")

    def add_client(self, *arguments):
        return json.loads(self.command("client", "add", *arguments))["client_secret"]

    def browser(self):
        return Browser(self.ca)

    def wait(self):
        for _ in range(200):
            try:
                if self.browser().open(f"{self.issuer}/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError((self.folder / "yihao.log").read_text())

    def sign_up(self):
        browser = self.browser()
        action, hidden = browser.open(f"{self.issuer}/signup").form()
        fields = {**hidden, **PERSON, "password_again": PERSON["password"], "terms": "1"}
        action, hidden = browser.open(action, fields).form()
        done = browser.open(action, {**hidden, "code": self.gateway.code(), "step": "verify"})
        if done.status != 200:
            raise AssertionError(done.body)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def query(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def module_folder():
    return pathlib.Path(__file__).resolve().parent
