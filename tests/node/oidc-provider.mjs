// An OpenID provider that shares no code with this project: the certified npm package `oidc-provider`.
//
//     node oidc-provider.mjs '{"port": 0, "redirect_uris": ["http://localhost:3000/auth/callback/op"]}'
//
// Settings are one JSON object, the first argument or in OIDC_PROVIDER_CONFIG; `defaults` below lists them.
// When it listens, it prints the one line its standard output ever holds:
//
//     {"issuer":"http://127.0.0.1:41234","adminless":true}
//
// It ends when its standard input closes, so that no orphan outlives the test that started it: keep a pipe
// open.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const defaults = {
  port: 0,
  client_id: "tower-oauth",
  client_secret: "a client secret for tests, and nothing but tests",
  redirect_uris: ["http://localhost:3000/auth/callback/op"],
  post_logout_redirect_uris: [],
  backchannel_logout_uri: "", // none
  backchannel_logout_session_required: true, // false: a logout token names the user alone
  id_token_signed_response_alg: "RS256", // or ES256
  token_endpoint_auth_method: "client_secret_basic", // or client_secret_post, none, …
  access_token_ttl: 3600,
  id_token_padding: 0, // bytes that make the ID token longer
  log_requests: false, // each as `POST /token` on standard error
};

const settings = { ...defaults, ...readSettings() };

quiet();
endWithStandardInput();
const { default: Provider } = await import("oidc-provider");
const server = createServer();
server.listen(settings.port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const answer = provider(issuer);
  server.on("request", (request, response) => {
    const path = request.url.split("?")[0];
    if (settings.log_requests) process.stderr.write(`${request.method} ${path}\n`);
    if (request.method === "POST" && path === "/session/end") readAgain(request, response);
    else answer(request, response);
  });
  process.stdout.write(`${JSON.stringify({ issuer, adminless: true })}\n`);
});

// The package takes posts to this endpoint only with cookies that need https. As providers do whose cookies are Lax, this
// has the browser come again.
async function readAgain(request, response) {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.writeHead(303, { location: `/session/end?${body}` }).end();
}

function readSettings() {
  const given = JSON.parse(process.argv[2] ?? process.env.OIDC_PROVIDER_CONFIG ?? "{}");
  const unknown = Object.keys(given).filter((name) => !(name in defaults));
  if (unknown.length > 0) throw new Error(`unknown setting: ${unknown.join(", ")}`);
  return given;
}

// The package announces every development shortcut, some of them on standard output. Here they are the point.
function quiet() {
  console.log = console.info = console.warn = () => {};
}

function endWithStandardInput() {
  process.stdin.on("close", () => process.exit(0)).resume();
}

function provider(issuer) {
  const provider = new Provider(issuer, {
    clients: [client()],
    jwks: { keys: [signingKey("RS256"), signingKey("ES256")] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    scopes: ["openid", "profile", "email", "offline_access"],
    claims: {
      profile: ["name", "preferred_username", "padding"],
      email: ["email", "email_verified"],
    },
    conformIdTokenClaims: settings.id_token_padding === 0,
    findAccount,
    // Its own refuses loopback addresses, which is where a logout token goes here.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, _client, grant) => grant.scopes.has("offline_access"),
    features: {
      devInteractions: { enabled: true }, // HTML forms: any login, any password
      introspection: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
      userinfo: { enabled: true },
    },
    ttl: {
      AccessToken: settings.access_token_ttl,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  });
  provider.on("server_error", (_ctx, error) => process.stderr.write(`${error.stack}\n`));
  provider.on("backchannel.error", (_ctx, error) => process.stderr.write(`${error.stack}\n`));
  return provider.callback();
}

function client() {
  const { port, access_token_ttl, log_requests, client_secret, id_token_padding, ...metadata } = settings;
  const confidential = metadata.token_endpoint_auth_method !== "none";
  if (!metadata.backchannel_logout_uri) {
    delete metadata.backchannel_logout_uri;
    delete metadata.backchannel_logout_session_required;
  }
  return {
    ...metadata,
    ...(confidential && { client_secret }),
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
  };
}

function signingKey(alg) {
  const { privateKey } =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = `${alg}-${randomBytes(6).toString("hex")}`;
  return { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}

// Whoever signs in exists: `alice` is Alice, alice@example.com.
function findAccount(_ctx, login) {
  return {
    accountId: login,
    claims: () => ({
      sub: login,
      name: login.charAt(0).toUpperCase() + login.slice(1),
      preferred_username: login,
      email: `${login}@example.com`,
      email_verified: true,
      ...(settings.id_token_padding > 0 && { padding: "x".repeat(settings.id_token_padding) }),
    }),
  };
}
