"""An SMS gateway as docs/integration/sms-gateway.md has it: verifies, keeps, delivers nowhere."""

import base64
import datetime
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = datetime.timedelta(minutes=5)


class Gateway:
    """A running gateway. What it refuses, it also says why in `refused`."""

    def __init__(self, secret):
        self.secret, self.messages, self.refused, self.nonces = secret, [], [], set()
        self._arrived = threading.Condition()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                problem = gateway.judge(self.path, self.headers, body)
                answer = {"code": 1, "message": problem} if problem else gateway.keep(body)
                text = json.dumps(answer).encode()
                self.send_response(403 if problem else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def judge(self, path, headers, body):
        """What is wrong with a request; nothing if it may be served."""
        date, nonce = headers.get("x-yihao-date", ""), headers.get("x-yihao-nonce", "")
        lines = ["POST", path, date, nonce, hashlib.new("sm3", body).hexdigest()]
        tag = hmac.new(self.secret.encode(), "\n".join(lines).encode(), "sm3").digest()
        signature = base64.urlsafe_b64encode(tag).rstrip(b"=").decode()
        problem = None
        if not hmac.compare_digest(signature, headers.get("x-yihao-signature", "")):
            problem = "the signature is wrong"
        elif abs(datetime.datetime.now(datetime.timezone.utc) - _time(date)) > TOLERANCE:
            problem = "the date is too far off"
        elif nonce in self.nonces:
            problem = "the nonce was used before"
        self.nonces.add(nonce)
        if problem:
            self.refused.append(problem)
        return problem

    def keep(self, body):
        message = json.loads(body)
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()
        return {"code": 0, "receipt": message["message_id"]}

    def code_to(self, phone, timeout=10):
        """The code of the newest message to a phone, once there is one."""
        def found():
            sent = [m for m in self.messages if m["phone"] == phone]
            return sent[-1]["variables"]["code"] if sent else None

        with self._arrived:
            assert self._arrived.wait_for(found, timeout), f"no message; refused: {self.refused}"
            return found()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
