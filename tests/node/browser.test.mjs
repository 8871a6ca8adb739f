// The demo, used by a real browser: every step is a click on what a person (or a screen reader) sees.
//
//     cargo build -p demo && npm ci && node --test browser.test.mjs
//
// DEMO_BIN names another demo binary, CHROMIUM another browser. Pictures of every page are left in
// target/screenshots.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test as nodeTest } from "node:test";
import { freePort, launchChromium, startDemo, startProvider } from "./harness.mjs";
import { anotherTab, assertFits, assertSound, button, heading, link, newPage as newPageOf } from "./page.mjs";

const SCREENSHOTS = new URL("../../target/screenshots/", import.meta.url).pathname;

// Nothing listens at the discard port: the sign-in page must not need its providers to be up.
const TWO_PROVIDERS = Object.fromEntries(
  ["ACME", "OTHER"].flatMap((name) => [
    [`AUTH_${name}_ISSUER`, "http://127.0.0.1:9"],
    [`AUTH_${name}_ID`, "demo"],
    [`AUTH_${name}_SECRET`, "demo-secret"],
  ]),
);

const test = (name, scenario) => nodeTest(name, { timeout: 90_000 }, scenario);

let browser;
let demo;

before(async () => {
  [browser, demo] = await Promise.all([launchChromium(), startDemo()]);
});

after(async () => {
  await browser?.close();
  demo?.stop();
});

test("sign in, profile, API call, sign out", async (t) => {
  const page = await newPage(t);
  await openHome(page);
  await clickSignIn(page);
  await assertProviderPage(page);
  await chooseAlice(page);
  await assertHomeOf(page, /alice/i);

  await link(page, /profile/i).click();
  await page.waitForURL("**/profile");
  await assertText(page, /alice/i);
  await assertSound(page);

  await link(page, /call the api/i).click();
  await page.waitForURL((url) => !url.pathname.endsWith("/profile"));
  await assertText(page, /\b200\b/);
  await assertSound(page);
  assert.equal((await page.context().request.get(`${demo.url}/me`)).status(), 200);

  await button(page, /sign out/i).click();
  await heading(page, /signed out/i).waitFor();
  await assertSound(page);

  const me = await page.context().request.get(`${demo.url}/me`);
  assert.equal(me.status(), 401);
  assert.match(me.headers()["content-type"], /^application\/(problem\+)?json\b/);
  assert.equal(typeof (await me.json()), "object");
  await page.goto(demo.url);
  await link(page, /sign in/i).waitFor();
});

test("a protected page is where the login ends that it began", async (t) => {
  const page = await newPage(t);
  await page.goto(`${demo.url}/profile`);
  await assertProviderPage(page);
  await chooseAlice(page);
  await page.waitForURL(`${demo.url}/profile`);
  await assertText(page, /alice/i);
});

test("Cancel leads to an error page, and Try again back to the provider", async (t) => {
  const page = await newPage(t);
  await openHome(page);
  await clickSignIn(page);
  await cancel(page);
  await assertSound(page);
  await link(page, /try again/i).click();
  await assertProviderPage(page);
  await chooseAlice(page);
  await assertHomeOf(page, /alice/i);
});

for (const order of ["first tab first", "second tab first"]) {
  test(`two tabs that log in at once, ${order}`, async (t) => {
    const first = await newPage(t);
    const second = await anotherTab(first);
    for (const page of [first, second]) {
      await openHome(page);
      await clickSignIn(page);
      await assertProviderPage(page);
    }
    const tabs = order === "first tab first" ? [first, second] : [second, first];
    for (const page of tabs) {
      await chooseAlice(page);
      await assertHomeOf(page, /alice/i);
    }
    for (const page of tabs) {
      await page.goto(`${demo.url}/profile`);
      await assertText(page, /alice/i);
    }
  });
}

test("the back button after a login breaks nothing", async (t) => {
  const page = await newPage(t);
  await openHome(page);
  await clickSignIn(page);
  await chooseAlice(page);
  await assertHomeOf(page, /alice/i);

  await page.goBack();
  await assertSound(page);
  if (await button(page, /alice/i).isVisible()) await button(page, /alice/i).click();
  await page.waitForURL((url) => url.origin === demo.url && !url.pathname.startsWith("/auth/login"));
  // The attempt of this old page is used up. Either is fine: the page of who is signed in, or a retry.
  const retry = link(page, /try again/i);
  await heading(page).waitFor();
  await assertSound(page);
  if (await retry.isVisible()) {
    await retry.click();
    await assertProviderPage(page);
    await chooseAlice(page);
  }
  await assertHomeOf(page, /alice/i);

  await page.goto(demo.url);
  await assertHomeOf(page, /alice/i);
});

test("a finished callback that is loaded again shows the signed-in page", async (t) => {
  const page = await newPage(t);
  const callback = recordCallback(page);
  await openHome(page);
  await clickSignIn(page);
  await chooseAlice(page);
  await assertHomeOf(page, /alice/i);

  const response = await page.goto(callback());
  assert.ok(response.ok(), `the callback loaded again ends with status ${response.status()}`);
  await assertHomeOf(page, /alice/i);
});

test("an independent provider, and one token request however often the callback is loaded", async (t) => {
  const port = await freePort();
  const provider = await startProvider({
    client_id: "demo",
    client_secret: "demo-secret",
    redirect_uris: [`http://localhost:${port}/auth/callback/op`],
    log_requests: true,
  });
  t.after(() => provider.stop());
  const other = await startDemo({
    AUTH_URL: `http://localhost:${port}`,
    AUTH_OP_ISSUER: provider.issuer,
    AUTH_OP_ID: "demo",
    AUTH_OP_SECRET: "demo-secret",
  });
  t.after(() => other.stop());

  // Its development pages import a font from elsewhere; that is its own affair, and not let out.
  const page = await newPage(t, {}, { elsewhere: "blocked" });
  const callback = recordCallback(page);
  await page.goto(other.url);
  await link(page, /sign in/i).click();
  await page.getByPlaceholder(/login/i).fill("alice");
  await page.getByPlaceholder(/password/i).fill("any");
  await button(page, /sign-in/i).click();
  await button(page, /continue/i).click();
  await assertHomeOf(page, /alice/i, other.url);
  await page.goto(callback());
  await assertHomeOf(page, /alice/i, other.url);
  assert.equal(provider.requests().filter((request) => request === "POST /token").length, 1);
});

test("with two providers there is a page to choose; one that is down is an error page", async (t) => {
  const other = await startDemo(TWO_PROVIDERS);
  t.after(() => other.stop());
  const page = await newPage(t);
  await page.goto(`${other.url}/auth/login`);
  await link(page, /other/i).waitFor();
  await assertSound(page);
  await link(page, /acme/i).click();
  await page.waitForURL((url) => url.pathname !== "/auth/login");
  await heading(page).waitFor();
  assert.doesNotMatch(await heading(page).innerText(), /^sign in$/i);
  await assertSound(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 740 }]) {
    test(`every page, ${colorScheme}, ${viewport.width} wide`, async (t) => {
      const choice = await startDemo(TWO_PROVIDERS);
      t.after(() => choice.stop());
      const page = await newPage(t, { colorScheme, viewport });
      const picture = async (name) => {
        await assertSound(page);
        await assertFits(page, name);
        const path = `${SCREENSHOTS}${name}-${colorScheme}-${viewport.width}.png`;
        await page.screenshot({ path, fullPage: true });
      };
      mkdirSync(SCREENSHOTS, { recursive: true });

      await page.goto(`${choice.url}/auth/login`);
      await link(page, /acme/i).waitFor();
      await picture("sign-in");
      await openHome(page);
      await picture("home-anonymous");
      await clickSignIn(page);
      await assertProviderPage(page);
      await picture("provider");
      await cancel(page);
      await picture("error");
      await link(page, /try again/i).click();
      await chooseAlice(page);
      await assertHomeOf(page, /alice/i);
      await picture("home");
      await link(page, /profile/i).click();
      await page.waitForURL("**/profile");
      await picture("profile");
      await link(page, /call the api/i).click();
      await assertText(page, /\b200\b/);
      await picture("api");
      await button(page, /sign out/i).click();
      await heading(page, /signed out/i).waitFor();
      await picture("signed-out");
    });
  }
}

// --- what a person does --------------------------------------------------------------------------

async function openHome(page) {
  await page.goto(demo.url);
  await assertSound(page);
}

async function clickSignIn(page) {
  await link(page, /sign in/i).click();
}

async function chooseAlice(page) {
  await button(page, /alice/i).click();
}

async function cancel(page) {
  await button(page, /cancel/i).click();
  await link(page, /try again/i).waitFor();
}

// --- what a person sees --------------------------------------------------------------------------

async function assertText(page, pattern) {
  await page.getByRole("main").getByText(pattern).first().waitFor();
}

async function assertProviderPage(page) {
  await button(page, /alice/i).waitFor();
  await button(page, /cancel/i).waitFor();
  await assertSound(page);
}

async function assertHomeOf(page, name, url = demo.url) {
  await page.waitForURL(`${url}/`);
  await heading(page, name).waitFor();
  await button(page, /sign out/i).waitFor();
  await assertSound(page);
}

// --- the browser ---------------------------------------------------------------------------------

/** A page of the browser that all tests here share. */
function newPage(t, ...options) {
  return newPageOf(browser, t, ...options);
}

function recordCallback(page) {
  let callback;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/auth/callback/")) callback ??= request.url();
  });
  return () => callback ?? assert.fail("no callback was seen");
}
