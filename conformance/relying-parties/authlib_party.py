"""Authlib as a relying party: code with PKCE, ID token checked, UserInfo, refresh. Talks in JSON lines."""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

issuer, client_id, client_secret, redirect_uri, ca_file = sys.argv[1:]
session = OAuth2Session(
    client_id, client_secret, scope="openid profile offline_access", redirect_uri=redirect_uri,
    code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic",
)
session.verify, session.trust_env = ca_file, False
metadata = session.get(f"{issuer}/.well-known/openid-configuration", withhold_token=True).json()
verifier = "authlib-verifier-with-more-than-forty-three-characters"
url, state = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce="authlib-nonce"
)
print(json.dumps({"go": url}), flush=True)
landing = json.loads(sys.stdin.readline())["landing"]
token = session.fetch_token(
    metadata["token_endpoint"], authorization_response=landing, code_verifier=verifier, state=state
)
keys = JsonWebKey.import_key_set(session.get(metadata["jwks_uri"], withhold_token=True).json())
claims = jwt.decode(
    token["id_token"], keys, claims_cls=CodeIDToken,
    claims_options={"iss": {"value": issuer}, "aud": {"value": client_id}},
    claims_params={"nonce": "authlib-nonce", "client_id": client_id},
)
claims.validate()
userinfo = session.get(metadata["userinfo_endpoint"]).json()
refreshed = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
print(json.dumps({
    "sub": claims["sub"], "userinfo": userinfo, "refreshed": refreshed["access_token"] != token["access_token"],
}), flush=True)
