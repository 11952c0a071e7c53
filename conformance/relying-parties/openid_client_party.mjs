// openid-client as a relying party: discovery, code with PKCE, UserInfo, refresh. Talks in JSON lines.
import * as client from "openid-client";
import { createInterface } from "node:readline";

const [issuer, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const config = await client.discovery(
  new URL(issuer), clientId, undefined, client.ClientSecretBasic(clientSecret),
);
const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: "openid profile offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
console.log(JSON.stringify({ go: url.href }));
const lines = createInterface({ input: process.stdin });
const landing = JSON.parse((await lines[Symbol.asyncIterator]().next()).value).landing;
const tokens = await client.authorizationCodeGrant(config, new URL(landing), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const end = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token });
console.log(JSON.stringify({
  sub: claims.sub, userinfo, refreshed: refreshed.access_token !== tokens.access_token, end: end.href,
}));
process.exit(0);
