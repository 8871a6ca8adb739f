// Signing out in a real browser: at the provider and back, seen by another tab, by a form where the hint is long, and
// what the back button shows afterwards.
//
//     cargo build -p demo -p tower-oauth-tests --bins && npm ci && node --test sign-out.test.mjs

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort, launchChromium, startBrowserApp, startDemo, startProvider } from "./harness.mjs";
import { button, heading, link, newPage } from "./page.mjs";

const PICTURES = new URL("../../target/screenshots/", import.meta.url).pathname;

let browser;

before(async () => {
  browser = await launchChromium();
});

after(() => browser?.close());

/** The demo at a provider nobody here wrote, and a page of a browser of its own that is signed in. */
async function signedIn(t, settings = {}) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const provider = await startProvider({
    client_id: "demo",
    client_secret: "demo-secret",
    redirect_uris: [`${url}/auth/callback/op`],
    post_logout_redirect_uris: [`${url}/auth/logged-out`],
    backchannel_logout_uri: `${url}/auth/backchannel-logout/op`,
    log_requests: true,
    ...settings,
  });
  t.after(() => provider.stop());
  const demo = await startDemo({
    AUTH_URL: url,
    AUTH_OP_ISSUER: provider.issuer,
    AUTH_OP_ID: "demo",
    AUTH_OP_SECRET: "demo-secret",
  });
  t.after(() => demo.stop());
  const context = await browser.newContext();
  t.after(() => context.close());
  context.setDefaultTimeout(15_000);
  // Its development pages import a font from elsewhere.
  await context.route((one) => !/^(localhost|127\.0\.0\.1)$/.test(one.hostname), (route) => route.abort());
  const page = await context.newPage();
  await signIn(page, url);
  return { page, context, url, provider };
}

async function signIn(page, url) {
  await page.goto(`${url}/auth/login/op`);
  await page.getByPlaceholder(/login/i).fill("alice");
  await page.getByPlaceholder(/password/i).fill("any");
  await page.getByRole("button", { name: /sign-in/i }).click();
  await page.getByRole("button", { name: /continue/i }).click();
  await page.waitForURL(`${url}/`);
}

test("a sign-out goes through the provider and back, and another tab sees it", async (t) => {
  const { page, context, url, provider } = await signedIn(t);
  const other = await context.newPage();
  await other.goto(`${url}/profile`);
  await page.getByRole("link", { name: /profile/i }).first().click();
  await page.waitForURL("**/profile");
  await page.goto(url);
  await page.getByRole("button", { name: /sign out/i }).click();
  await page.getByRole("button", { name: /yes/i }).click();
  await page.waitForURL(`${url}/auth/logged-out?*`);
  await page.getByRole("heading", { name: /signed out/i }).waitFor();
  await page.screenshot({ path: `${PICTURES}signed-out-at-provider.png` });
  assert.ok(provider.requests().includes("GET /session/end"));
  assert.deepEqual((await context.cookies(url)).filter(({ name }) => name.startsWith("auth-")), []);

  await other.reload();
  await other.getByPlaceholder(/login/i).waitFor();
  await page.goto(`${url}/profile`);
  await page.getByPlaceholder(/login/i).waitFor();
});

for (const script of [true, false]) {
  test(`a hint that is too long for a URL goes as a form, ${script ? "by itself" : "by its button"}`, async (t) => {
    const { page, context, url, provider } = await signedIn(t, { id_token_padding: 6000 });
    let form = page;
    if (!script) {
      // The same browser without scripts.
      const other = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
      t.after(() => other.close());
      form = await other.newPage();
      await form.goto(url);
    }
    await form.getByRole("button", { name: /sign out/i }).click();
    if (!script) {
      await form.getByRole("heading", { name: /signing out/i }).waitFor();
      for (const [colorScheme, width] of [["light", 1280], ["dark", 360]]) {
        await form.emulateMedia({ colorScheme });
        await form.setViewportSize({ width, height: 740 });
        await form.screenshot({ path: `${PICTURES}signing-out-${colorScheme}-${width}.png` });
      }
      await form.getByRole("button", { name: /continue/i }).click();
    }
    await form.getByRole("button", { name: /yes/i }).click();
    await form.waitForURL(`${url}/auth/logged-out?*`);
    await form.getByRole("heading", { name: /signed out/i }).waitFor();
    assert.ok(provider.requests().includes("POST /session/end"));
    assert.equal((await context.request.get(`${url}/me`)).status(), 401);
  });
}

test("signing out at the provider ends the session of the application", async (t) => {
  const { page, context, url, provider } = await signedIn(t);
  assert.equal((await context.request.get(`${url}/me`)).status(), 200);
  await page.goto(`${provider.issuer}/session/end`);
  await page.getByRole("button", { name: /yes/i }).click();
  let status;
  for (let left = 50; left > 0 && status !== 401; left -= 1) {
    status = (await context.request.get(`${url}/me`)).status();
    if (status !== 401) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(status, 401);
});

// Chromium keeps pages as they stand for the back button (its back/forward cache), unless Playwright switches that off.
const PAGES_KEPT = { ignoreDefaultArgs: ["--disable-back-forward-cache"] };

// What the back button shows of the page that had the sign-out button, and of the one before.
for (const { name, cache, options, last, before } of [
  { name: "by default, from the HTTP cache: nothing", cache: "", options: {}, last: "stranger", before: "sign in" },
  { name: "by default, where pages are kept: all", cache: "", options: PAGES_KEPT, last: "sub-alice", before: "sub-alice" },
  { name: "with no_store: nothing", cache: "no-store", options: PAGES_KEPT, last: "stranger", before: "sign in" },
  { name: "with clear_cache_at_logout: the last page", cache: "clear", options: PAGES_KEPT, last: "sub-alice", before: "sign in" },
]) {
  test(`the back button after a sign-out shows, ${name}`, { timeout: 60_000 }, async (t) => {
    const [keeping, app] = await Promise.all([launchChromium(options), startBrowserApp({ APP_CACHE: cache })]);
    t.after(async () => {
      app.stop();
      await keeping.close();
    });
    const page = await newPage(keeping, t);
    await page.goto(app.url);
    await link(page, /sign in/i).click();
    await button(page, /alice/i).click();
    await page.waitForURL(`${app.url}/private`);
    await page.goto(app.url);
    await heading(page, "sub-alice").waitFor();
    await button(page, /sign out/i).click();
    await heading(page, /signed out/i).waitFor();

    assert.equal(await shownAfterBack(page, "/"), last);
    assert.equal(await shownAfterBack(page, before === "sign in" ? "/auth/login" : "/private"), before);
    assert.equal((await page.context().request.get(`${app.url}/private`)).status(), 401, "shown is what the browser kept");
  });
}

/** Goes back, and says whose page `pathname` shows. */
async function shownAfterBack(page, pathname) {
  await page.evaluate(() => history.back());
  // A page that was kept is not loaded again.
  await page.waitForURL((url) => url.pathname === pathname, { waitUntil: "commit" });
  const whose = page.getByText(/stranger|sub-alice|choose an account/i).first();
  const text = await whose.innerText();
  return /choose an account/i.test(text) ? "sign in" : text.match(/stranger|sub-alice/)[0];
}
