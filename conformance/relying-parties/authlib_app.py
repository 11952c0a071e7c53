"""A small portal on Authlib's Flask client. Settings come from the environment."""

import os
import secrets

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, jsonify, redirect, request, session

ISSUER, BASE = os.environ["ISSUER"], os.environ["BASE"]
CLIENT = {"client_id": os.environ["CLIENT_ID"], "client_secret": os.environ["CLIENT_SECRET"]}

app = Flask(__name__)
app.secret_key = secrets.token_hex(32)
app.config.update(SESSION_COOKIE_NAME="authlib", SESSION_COOKIE_SECURE=True)
# The cookie holds an id; tokens stay here.
tokens = {}

oauth = OAuth(app)
yihao = oauth.register(
    "yihao",
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile phone offline_access",
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": "client_secret_post",
    },
    **CLIENT,
)


def here():
    return tokens.get(session.get("id"))


@app.get("/")
def front():
    return jsonify(signed_in=here() is not None)


@app.get("/login")
def login():
    return yihao.authorize_redirect(f"{BASE}/callback", **request.args)


@app.get("/callback")
def callback():
    try:
        token = yihao.authorize_access_token()
    except OAuthError as error:
        return jsonify(error=error.error, description=error.description), 400
    session["id"] = secrets.token_hex(16)
    tokens[session["id"]] = token
    return redirect("/me")


@app.get("/me")
def me():
    token = here()
    if token is None:
        return jsonify(error="signed out"), 401
    return jsonify(id_token=token["userinfo"], userinfo=yihao.userinfo(token=token))


@app.get("/refresh")
def refresh():
    token = here()
    endpoint = yihao.load_server_metadata()["token_endpoint"]
    client = OAuth2Session(**CLIENT, token_endpoint_auth_method="client_secret_post")
    fresh = client.refresh_token(endpoint, refresh_token=token["refresh_token"])
    changed = fresh["access_token"] != token["access_token"]
    token.update(fresh)
    return jsonify(changed=changed, userinfo=yihao.userinfo(token=token))


@app.get("/logout")
def logout():
    token = tokens.pop(session.get("id"))
    return yihao.logout_redirect(f"{BASE}/logged-out", id_token_hint=token["id_token"])


@app.get("/logged-out")
def logged_out():
    yihao.validate_logout_response()
    return jsonify(signed_in=here() is not None)


if __name__ == "__main__":
    files = (os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]), ssl_context=files)
