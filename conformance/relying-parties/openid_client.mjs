// A small portal on openid-client. `keys FILE` makes the key it authenticates with and prints the
// public set; `serve` runs it, with a secret if it has one. Settings come from the environment.

import { randomUUID, webcrypto } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import * as client from 'openid-client'

// Debian 12 has Node 18, where these are not global yet.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey

const { ISSUER, BASE, CLIENT_ID, CLIENT_SECRET, KEY_FILE } = process.env
const { TLS_CERT, TLS_KEY, PORT } = process.env
const ec = { name: 'ECDSA', namedCurve: 'P-256' }

if (process.argv[2] === 'keys') {
  const pair = await crypto.subtle.generateKey(ec, true, ['sign', 'verify'])
  const [secret, open] = await Promise.all(
    [pair.privateKey, pair.publicKey].map((key) => crypto.subtle.exportKey('jwk', key)))
  writeFileSync(process.argv[3], JSON.stringify(secret), { mode: 0o600 })
  const { kty, crv, x, y } = open
  console.log(JSON.stringify({ keys: [{ kty, crv, x, y, kid: 'k1', use: 'sig', alg: 'ES256' }] }))
  process.exit(0)
}

async function authentication() {
  if (CLIENT_SECRET) return client.ClientSecretBasic(CLIENT_SECRET)
  const jwk = JSON.parse(readFileSync(KEY_FILE, 'utf8'))
  const key = await crypto.subtle.importKey('jwk', jwk, ec, false, ['sign'])
  return client.PrivateKeyJwt({ key, kid: 'k1' })
}

const config = await client.discovery(
  new URL(ISSUER), CLIENT_ID, { id_token_signed_response_alg: 'ES256' },
  await authentication(),
  { execute: [client.enableNonRepudiationChecks] })

const attempts = new Map()
const sessions = new Map()

const routes = {
  async '/'(_, session) {
    return { signed_in: session !== undefined }
  },

  async '/login'(url) {
    const [id, state, nonce] = [randomUUID(), client.randomState(), client.randomNonce()]
    const verifier = client.randomPKCECodeVerifier()
    attempts.set(id, { state, nonce, verifier })
    const to = client.buildAuthorizationUrl(config, {
      ...Object.fromEntries(url.searchParams),
      redirect_uri: `${BASE}/callback`,
      scope: 'openid profile phone offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    return { to, cookie: `openid-client-attempt=${id}` }
  },

  async '/callback'(url, _, cookies) {
    const attempt = attempts.get(cookies['openid-client-attempt'])
    const tokens = await client.authorizationCodeGrant(config, url, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    })
    const id = randomUUID()
    sessions.set(id, { tokens, claims: tokens.claims() })
    return { to: `${BASE}/me`, cookie: `openid-client=${id}` }
  },

  async '/me'(_, session) {
    if (!session) return { status: 401, error: 'signed out' }
    const { tokens, claims } = session
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    return { id_token: claims, userinfo }
  },

  async '/refresh'(_, session) {
    const before = session.tokens
    const fresh = await client.refreshTokenGrant(config, before.refresh_token)
    session.tokens = { ...before, ...fresh }
    const userinfo =
      await client.fetchUserInfo(config, fresh.access_token, session.claims.sub)
    return { changed: fresh.access_token !== before.access_token, userinfo }
  },

  async '/introspect'(_, session) {
    return client.tokenIntrospection(config, session.tokens.access_token)
  },

  async '/revoke'(_, session) {
    await client.tokenRevocation(config, session.tokens.refresh_token)
    return client.tokenIntrospection(config, session.tokens.access_token)
  },

  async '/logout'(_, session) {
    const hint = session.tokens.id_token
    sessions.delete(session.id)
    const to = client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: `${BASE}/`, id_token_hint: hint,
    })
    return { to }
  },
}

const options = { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }
createServer(options, async (request, response) => {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='))
  const cookies = Object.fromEntries(pairs)
  const url = new URL(request.url, BASE)
  const session = sessions.get(cookies['openid-client'])
  if (session) session.id = cookies['openid-client']
  let answer
  try {
    answer = await routes[url.pathname](url, session, cookies)
  } catch (error) {
    const cause = error.cause?.message
    const code = error.error ?? error.code ?? error.name
    answer = { status: 400, error: code, description: `${error.message} ${cause ?? ''}` }
  }
  const { to, cookie, status = 200, ...body } = answer
  const headers = { 'content-type': 'application/json' }
  if (cookie) headers['set-cookie'] = `${cookie}; Path=/; Secure; HttpOnly; SameSite=Lax`
  if (to) headers.location = String(to)
  response.writeHead(to ? 303 : status, headers).end(JSON.stringify(body))
}).listen(Number(PORT), '127.0.0.1')
