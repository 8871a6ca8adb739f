// Proves the fixture, so that a failing Rust test against it is about the Rust code: a whole login by plain
// `fetch`, following the provider's HTML forms as a browser does.

import assert from "node:assert/strict";
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { startProvider } from "./harness.mjs";

const REDIRECT_URI = "http://localhost:3000/auth/callback/op";
const CLIENT = { client_id: "fixture", client_secret: "fixture-secret", redirect_uris: [REDIRECT_URI] };

for (const alg of ["RS256", "ES256"]) {
  test(`a login with PKCE, signed with ${alg}, and its refresh`, async (t) => {
    const { metadata, jwks } = await start(t, { ...CLIENT, id_token_signed_response_alg: alg });
    const login = await signIn(metadata, "alice");
    const tokens = await token(metadata, exchange(login));
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));

    const idToken = await verified(tokens.body.id_token, jwks, alg);
    assert.equal(idToken.iss, metadata.issuer);
    assert.equal(idToken.aud, CLIENT.client_id);
    assert.equal(idToken.sub, "alice");
    assert.equal(idToken.nonce, login.nonce);
    assert.equal(idToken.email, undefined, "profile claims come from userinfo alone");

    assert.deepEqual(await userinfo(metadata, tokens.body.access_token), {
      sub: "alice",
      name: "Alice",
      preferred_username: "alice",
      email: "alice@example.com",
      email_verified: true,
    });

    const refresh = (refresh_token) => token(metadata, { grant_type: "refresh_token", refresh_token });
    const first = await refresh(tokens.body.refresh_token);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.notEqual(first.body.refresh_token, tokens.body.refresh_token, "the refresh token rotates");

    const reused = await refresh(tokens.body.refresh_token);
    assert.equal(reused.status, 400);
    assert.equal(reused.body.error, "invalid_grant");
    const successor = await refresh(first.body.refresh_token);
    assert.equal(successor.body.error, "invalid_grant", "reuse ends the whole grant");
  });
}

test("discovery announces what the Rust tests rely on", async (t) => {
  const { metadata } = await start(t, CLIENT);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  for (const name of ["userinfo", "end_session", "revocation"]) {
    assert.ok(metadata[`${name}_endpoint`].startsWith(`${metadata.issuer}/`), name);
  }
  assert.equal(metadata.introspection_endpoint, undefined);
});

test("Cancel comes back as access_denied", async (t) => {
  const { metadata } = await start(t, CLIENT);
  const visit = visitor();
  const page = await visit(authorization(metadata).url);
  const back = await visit(link(await page.text(), "Cancel", page.url));
  const answer = new URL(back.headers.get("location")).searchParams;
  assert.equal(answer.get("error"), "access_denied");
  assert.equal(answer.get("iss"), metadata.issuer);
});

test("a request without PKCE is refused", async (t) => {
  const { metadata } = await start(t, CLIENT);
  const { url } = authorization(metadata);
  url.searchParams.delete("code_challenge");
  url.searchParams.delete("code_challenge_method");
  const response = await visitor()(url);
  assert.equal(new URL(response.headers.get("location")).searchParams.get("error"), "invalid_request");
});

test("a code works once, and its second use ends the grant", async (t) => {
  const { metadata } = await start(t, { ...CLIENT, token_endpoint_auth_method: "client_secret_post" });
  const login = await signIn(metadata, "bob");
  const secret = { client_id: CLIENT.client_id, client_secret: CLIENT.client_secret };
  const first = await token(metadata, { ...exchange(login), ...secret }, null);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const second = await token(metadata, { ...exchange(login), ...secret }, null);
  assert.equal(second.body.error, "invalid_grant");
  const refreshed = { grant_type: "refresh_token", refresh_token: first.body.refresh_token, ...secret };
  assert.equal((await token(metadata, refreshed, null)).body.error, "invalid_grant");
});

test("it ends with its standard input, and prints one line only", async (t) => {
  const { child, output } = await start(t, CLIENT);
  child.stdin.end();
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.equal(output.length, 1);
});

async function start(t, settings) {
  const { issuer, child, output, stop } = await startProvider(settings);
  t.after(stop);
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const jwks = await (await fetch(metadata.jwks_uri)).json();
  return { child, output, metadata, jwks };
}

function authorization(metadata) {
  const verifier = randomBytes(32).toString("base64url");
  const nonce = randomBytes(16).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const url = new URL(metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT.client_id,
    redirect_uri: REDIRECT_URI,
    scope: "openid profile email offline_access",
    prompt: "consent", // without it, the provider leaves offline_access out
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    nonce,
    state,
  });
  return { url, verifier, nonce, state };
}

async function signIn(metadata, login) {
  const { url, verifier, nonce, state } = authorization(metadata);
  const visit = visitor();
  const loginPage = await visit(url);
  const consentPage = await visit(...form(await loginPage.text(), loginPage.url, { login, password: "any" }));
  const back = await visit(...form(await consentPage.text(), consentPage.url, {}));
  const answer = new URL(back.headers.get("location"));
  assert.equal(answer.origin + answer.pathname, REDIRECT_URI);
  assert.equal(answer.searchParams.get("state"), state);
  assert.equal(answer.searchParams.get("iss"), metadata.issuer);
  return { code: answer.searchParams.get("code"), verifier, nonce };
}

function exchange({ code, verifier }) {
  return { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI, code_verifier: verifier };
}

async function token(metadata, parameters, basic = `${CLIENT.client_id}:${CLIENT.client_secret}`) {
  const headers = basic === null ? {} : { authorization: `Basic ${btoa(basic)}` };
  const body = new URLSearchParams(parameters);
  const response = await fetch(metadata.token_endpoint, { method: "POST", headers, body });
  return { status: response.status, body: await response.json() };
}

async function userinfo(metadata, accessToken) {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await fetch(metadata.userinfo_endpoint, { headers })).json();
}

async function verified(jwt, jwks, alg) {
  const [header, payload, signature] = jwt.split(".");
  const { kid, ...rest } = JSON.parse(Buffer.from(header, "base64url"));
  assert.equal(rest.alg, alg);
  const key = createPublicKey({ key: jwks.keys.find((jwk) => jwk.kid === kid), format: "jwk" });
  const bytes = Buffer.from(`${header}.${payload}`);
  const signed = Buffer.from(signature, "base64url");
  const genuine = verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signed);
  assert.ok(genuine, "the signature fits the published key");
  return JSON.parse(Buffer.from(payload, "base64url"));
}

// A browser in miniature: it keeps cookies by path and follows redirects, but never to the application.
function visitor() {
  const cookies = new Map();
  return async function visit(url, body) {
    let target = new URL(url);
    for (let hop = 0; hop < 10; hop += 1) {
      const sent = [...cookies.values()].filter(({ path }) => target.pathname.startsWith(path));
      const response = await fetch(target, {
        method: body ? "POST" : "GET",
        headers: { cookie: sent.map(({ pair }) => pair).join("; ") },
        redirect: "manual",
        body,
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [pair, ...attributes] = cookie.split(/;\s*/);
        const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
        const key = `${pair.split("=")[0]} ${path}`;
        if (attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one))) cookies.delete(key);
        else cookies.set(key, { pair, path });
      }
      const location = response.headers.get("location");
      if (!location || location.startsWith(REDIRECT_URI)) return response;
      target = new URL(location, target);
      body = undefined;
    }
    throw new Error("too many redirects");
  };
}

function form(html, base, filled) {
  const action = html.match(/<form[^>]* action="([^"]+)"/)[1];
  const fields = [...html.matchAll(/<input[^>]* type="hidden"[^>]* name="([^"]+)"[^>]* value="([^"]*)"/g)];
  const hidden = Object.fromEntries(fields.map(([, name, value]) => [name, value]));
  return [new URL(action, base), new URLSearchParams({ ...hidden, ...filled })];
}

function link(html, text, base) {
  return new URL(html.match(new RegExp(`<a href="([^"]+)">[^<]*${text}`))[1], base);
}
