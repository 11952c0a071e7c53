"""A deployment of its own: a test CA, `yihao serve` with TLS, one database, clients and people."""

import json
import os
import pathlib
import secrets
import socket
import ssl
import subprocess
import time
import urllib.request

YIHAO = os.environ.get("YIHAO_BIN", "yihao")


def free_port():
    """A port nobody listens on, below those that connections take."""
    while True:
        port = 20000 + secrets.randbelow(10000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def run(*command, **options):
    """Runs a command; its output, or its complaint."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command[0]} … {done.stderr[-2000:]}{done.stdout[-2000:]}"
    return done.stdout


class Certificates:
    """A CA of one run, and a certificate for localhost."""

    def __init__(self, folder):
        self.ca, self.cert, self.key = (str(folder / name) for name in ("ca.pem", "tls.pem", "tls.key"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        run("openssl", "req", "-x509", *curve, "-keyout", str(folder / "ca.key"), "-out", self.ca,
            "-days", "2", "-subj", "/CN=Yihao test CA",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        run("openssl", "req", *curve, "-keyout", self.key, "-out", str(folder / "tls.csr"),
            "-subj", "/CN=localhost")
        extensions = folder / "extensions"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n"
                              "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        run("openssl", "x509", "-req", "-in", str(folder / "tls.csr"), "-CA", self.ca,
            "-CAkey", str(folder / "ca.key"), "-CAcreateserial", "-out", self.cert, "-days", "2",
            "-extfile", str(extensions))


class Database:
    """SQLite in the data folder, or a database of its own on a PostgreSQL server."""

    def __init__(self, backend):
        self.url, self._server, self._name = "", None, None
        if backend == "postgres":
            self._server = os.environ["YIHAO_TEST_POSTGRES_URL"]
            self._name = f"yihao_rp_{secrets.token_hex(6)}"
            run("psql", "-qd", self._server, "-c", f"CREATE DATABASE {self._name}")
            self.url = f"{self._server.rsplit('/', 1)[0]}/{self._name}"

    def close(self):
        if self._name:
            run("psql", "-qd", self._server, "-c", f"DROP DATABASE {self._name} WITH (FORCE)")


class Provider:
    """`yihao serve` behind TLS, and the commands beside it."""

    def __init__(self, folder, certificates, database, gateway, portals):
        self.port, self.log = free_port(), folder / "yihao.log"
        self.issuer = f"https://localhost:{self.port}"
        self._process, self._config, self._ca = None, folder / "yihao.toml", certificates.ca
        (folder / "sms.secret").write_text(gateway.secret + "\n")
        allow = [f"localhost:{port}" for port in portals] + [f"127.0.0.1:{gateway.port}"]
        self._config.write_text(f"""
issuer = "{self.issuer}"
listen = "127.0.0.1:{self.port}"
data_dir = "{folder / 'data'}"
accept_synthetic = true

[database]
url = "{database.url}"
connections = 4

[tls]
cert_file = "{certificates.cert}"
key_file = "{certificates.key}"

[outbound]
allow = {json.dumps(allow)}
ca_file = "{certificates.ca}"

[sms]
url = "http://127.0.0.1:{gateway.port}/sms"
app_id = "yihao"
secret_file = "{folder / 'sms.secret'}"

[sms.templates]
login_code = "SMS_1"
bind_phone = "SMS_2"
reset_password = "SMS_3"
security_notice = "SMS_4"
""")
        self.command("migrate")

    def command(self, *arguments):
        """An operator's command."""
        return run(YIHAO, "--config", str(self._config), *arguments)

    def add_client(self, name, *arguments):
        """Registers a client; what the command says of it, with the secret."""
        return json.loads(self.command("--json", "client", "add", name, "--name", name, *arguments))

    def invite_officers(self):
        """The first officers; the address each opens once, by role."""
        told = json.loads(self.command("--json", "operator", "invite"))
        return {row["role"]: row["url"] for row in told}

    def import_people(self, folder, people):
        file = folder / "people.csv"
        rows = [f"{person['name']},{person['id_number']}" for person in people]
        file.write_text("\n".join(["name,id_number", *rows, ""]), encoding="utf-8")
        told = json.loads(self.command("--json", "register", "import", "people", str(file)))
        assert told["written"] == len(people) and told["refused"] == 0, told

    def start(self):
        log = open(self.log, "wb")
        command = [YIHAO, "serve", "--config", str(self._config)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(f"{self.issuer}/readyz", self._ca, self._process, self.log)

    def close(self):
        end(self._process)


def wait_for(url, ca_file, process, log):
    """Until somebody answers at this address."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
    )
    for _ in range(300):
        try:
            return opener.open(url, timeout=5).read()
        except OSError:
            ended = process.poll() is not None
            assert not ended, f"{process.args[0]} ended: {pathlib.Path(log).read_text()[-2000:]}"
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {url}: {pathlib.Path(log).read_text()[-2000:]}")


def end(process):
    """Ends a process we started."""
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
