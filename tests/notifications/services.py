"""The services outside as small real servers on loopback: they check form and signature."""

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from config.machine import LOOPBACK

HOUR = 3600


class Service:
    """An HTTP server that keeps what it accepted. `answers` are given before it judges, one a request."""

    def __init__(self, secret: str = ""):
        self.secret = secret
        self.accepted, self.requests, self.answers, self.keys, self.known = [], 0, [], [], set()
        self.drip = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests += 1
                status, answer = (
                    service.answers.pop(0)
                    if service.answers
                    else service.judge(urlsplit(self.path), self.headers, body)
                )
                raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                if service.drip:
                    with suppress(OSError):
                        for byte in raw:
                            self.wfile.write(bytes([byte]))
                            time.sleep(service.drip)
                else:
                    self.wfile.write(raw)

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_words: None  # a client that was killed is no fault of ours
        self.port = self.server.server_port

    def __enter__(self):
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *exc_info):
        self.server.shutdown()
        self.server.server_close()

    def judge(self, url, headers, body: bytes) -> tuple[int, dict | bytes]:
        """Status and body of the answer; this one takes anything."""
        self.accepted.append(body)
        return 200, {}


def is_near(seconds: float) -> bool:
    return abs(time.time() - seconds) < HOUR


class WeComService(Service):
    """errcode in a 200 body: 93000 for a wrong key, 40008 for a message of no known form."""

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/cgi-bin/webhook/send?key=693a91f6"

    def judge(self, url, headers, body):
        if parse_qs(url.query) != {"key": ["693a91f6"]} or url.path != "/cgi-bin/webhook/send":
            return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
        found = json.loads(body)
        if found.get("msgtype") != "text" or set(found) != {"msgtype", "text"}:
            return 200, {"errcode": 40008, "errmsg": "invalid message type"}
        if len(found["text"]["content"].encode()) > 2048:
            return 200, {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
        self.accepted.append(found["text"]["content"])
        return 200, {"errcode": 0, "errmsg": "ok"}


class DingTalkService(Service):
    """Checks the signature in the query; 310000 when it does not match."""

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/robot/send?access_token=566c"

    def judge(self, url, headers, body):
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if query.get("access_token") != "566c":
            return 200, {"errcode": 300001, "errmsg": "token is not exist"}
        words = f"{query.get('timestamp')}\n{self.secret}"
        sign = base64.b64encode(hmac.new(self.secret.encode(), words.encode(), hashlib.sha256).digest())
        if query.get("sign") != sign.decode() or not is_near(int(query["timestamp"]) / 1000):
            return 200, {"errcode": 310000, "errmsg": "sign not match"}
        found = json.loads(body)
        if found.get("msgtype") != "text":
            return 200, {"errcode": 400014, "errmsg": "msgtype is null"}
        self.accepted.append(found["text"]["content"])
        return 200, {"errcode": 0, "errmsg": "ok"}


class FeishuService(Service):
    """Checks the signature in the body; code 19021 when it does not match."""

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/open-apis/bot/v2/hook/5c2f"

    def judge(self, url, headers, body):
        if url.path != "/open-apis/bot/v2/hook/5c2f":
            return 400, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
        found = json.loads(body)
        key = f"{found.get('timestamp')}\n{self.secret}".encode()
        sign = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        if found.get("sign") != sign or not is_near(int(found["timestamp"])):
            return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
        if found.get("msg_type") != "text":
            return 400, {"code": 9499, "msg": "Bad Request"}
        self.accepted.append(found["content"]["text"])
        return 200, {"code": 0, "msg": "success", "data": {}}


class SignedService(Service):
    """What webhooks and the SMS gateway have in common: our signature and a key by which it acts once."""

    path = "/hook"

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}{self.path}"

    def judge(self, url, headers, body):
        seconds = headers.get("X-Jiebang-Timestamp", "0")
        digest = hmac.new(self.secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        if headers.get("X-Jiebang-Signature") != f"v1={digest}" or not is_near(int(seconds)):
            return 401, b"bad signature"
        key = headers.get("Idempotency-Key")
        if not key:
            return 400, b"no key"
        self.keys.append(key)
        if key in self.known:
            return 200, {"code": 0}
        self.known.add(key)
        return self.accept(json.loads(body))

    def accept(self, found: dict) -> tuple[int, dict]:
        self.accepted.append(found)
        return 200, {"code": 0}


class SmsService(SignedService):
    """Approved templates only; 70 characters; a wrong number is refused for good."""

    path = "/sms/send"

    def accept(self, found):
        if found["template_id"] != "SMS_1001":
            return 200, {"code": 1002, "message": "模板未审核", "retry": False}
        if not found["content"].startswith(f"【{found['signature']}】") or len(found["content"]) > 70:
            return 200, {"code": 1003, "message": "内容与签名不符或超过 70 字", "retry": False}
        if not found["phone"].startswith("1"):
            return 200, {"code": 1001, "message": "号码无效", "retry": False}
        return super().accept(found)
