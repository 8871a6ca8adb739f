// Every other way in, in a real browser: a window of its own, a form of the provider's site, loops, wrong addresses.
//
//     cargo build --workspace && npm ci && node --test ways-in.test.mjs

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test as nodeTest } from "node:test";
import { launchChromium, startBrowserApp, startDemo, startSpa } from "./harness.mjs";
import { anotherTab, assertFits, assertSound, button, heading, link, newPage as newPageOf } from "./page.mjs";

const SCREENSHOTS = new URL("../../target/screenshots/", import.meta.url).pathname;
const LOOKS = ["light", "dark"].flatMap((colorScheme) =>
  [{ width: 1280, height: 800 }, { width: 360, height: 740 }].map((viewport) => ({ colorScheme, viewport })),
);

const test = (name, scenario) => nodeTest(name, { timeout: 90_000 }, scenario);

let browser;
let app;
let spa;

before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  [browser, app, spa] = await Promise.all([launchChromium(), startBrowserApp(), startSpa()]);
});

after(async () => {
  await browser?.close();
  app?.stop();
  spa?.stop();
});

test("a single-page application: login in a window of its own, an API call, sign-out by fetch", async (t) => {
  const page = await newPage(t);
  const other = await anotherTab(page);
  for (const tab of [page, other]) await tab.goto(spa.url);
  await status(page, "Nobody is signed in");
  const [popup] = await Promise.all([page.waitForEvent("popup"), button(page, /^sign in$/i).click()]);
  await button(popup, /alice/i).waitFor();
  await Promise.all([popup.waitForEvent("close"), button(popup, /alice/i).click()]);
  await status(page, "Signed in as Alice Liddell");
  await status(other, "Signed in as Alice Liddell");
  await button(page, /ask the api/i).click();
  await page.getByText("Hello, Alice Liddell!").waitFor();
  assert.equal(page.url(), `${spa.url}/`, "the page was never left");
  const session = await page.evaluate(async () => (await fetch("/auth/session")).text());
  assert.doesNotMatch(session, /token|eyJ/);
  assert.equal(await page.evaluate(() => document.cookie), "", "no script can read a cookie of the login");

  await button(page, /sign out/i).click();
  await heading(page, /signed out/i).waitFor();
  await page.goto(spa.url);
  await status(page, "Nobody is signed in");
  await status(other, "Nobody is signed in");
});

test("an API call of nobody leads to the login, and back", async (t) => {
  const page = await newPage(t, {}, { failing: ["/api/greeting"] });
  await page.goto(spa.url);
  const [popup] = await Promise.all([page.waitForEvent("popup"), button(page, /ask the api/i).click()]);
  await Promise.all([popup.waitForEvent("close"), button(popup, /bob/i).click()]);
  await status(page, "Signed in as Bob Builder");
});

test("where no window opens, the login happens in this one", async (t) => {
  const page = await newPage(t);
  await page.addInitScript(() => (window.open = () => null));
  await page.goto(spa.url);
  await button(page, /^sign in$/i).click();
  await button(page, /alice/i).click();
  await status(page, "Signed in as Alice Liddell");
});

test("a form of another site signs in with Lax cookies, and back and reload break nothing", async (t) => {
  const page = await newPage(t);
  const addresses = [];
  page.on("request", (one) => one.isNavigationRequest() && addresses.push(one.url()));
  await page.goto(app.url);
  await link(page, /sign in/i).click();
  await button(page, /alice/i).click();
  await page.waitForURL(`${app.url}/private`);
  assert.match(await page.innerText("body"), /private to sub-alice/);
  assert.ok(addresses.some((one) => /\/auth\/callback\/form\?form=/.test(one)), addresses.join("\n"));
  assert.ok(!addresses.some((one) => /[?&]code=/.test(one)), "the code is in no address");
  for (const { name, sameSite } of await page.context().cookies(app.url)) {
    assert.equal(sameSite, "Lax", name);
  }
  await page.goBack();
  await page.goto(`${app.url}/private`);
  await page.reload();
  assert.match(await page.innerText("body"), /private to sub-alice/);
});

test("a provider that answers by form joins the session", async (t) => {
  const page = await newPage(t);
  await page.goto(app.url);
  await link(page, /sign in/i).click();
  await button(page, /alice/i).click();
  await page.waitForURL(`${app.url}/private`);
  await page.goto(app.url);
  await button(page, /connect/i).click();
  await page.waitForURL(`${app.url}/connections`);
  assert.match(await page.innerText("body"), /form second/);
});

test("a circle of logins ends on a page that says why", async (t) => {
  for (const look of LOOKS) {
    const page = await newPage(t, look);
    await page.goto(`${app.url}/never`);
    await heading(page, /round in circles/i).waitFor();
    await assertSound(page);
    await picture(page, "loop", look);
  }
});

test("a browser at another address is told the right one, and can go on there", async (t) => {
  const demo = await startDemo();
  t.after(() => demo.stop());
  for (const look of LOOKS) {
    const page = await newPage(t, look);
    await page.goto(demo.url.replace("localhost", "127.0.0.1"));
    await link(page, /sign in/i).click();
    await heading(page, /not the application's own address/i).waitFor();
    await assertSound(page);
    await picture(page, "wrong-address", look);
    await link(page, /try again/i).click();
    await button(page, /alice/i).click();
    await page.waitForURL(`${demo.url}/`);
  }
});

test("the page that a window of its own ends on, where nothing closes it", async (t) => {
  for (const look of LOOKS) {
    const page = await newPage(t, look);
    await page.goto(`${spa.url}/auth/signed-in?return_to=/`);
    await heading(page, /signed in/i).waitFor();
    await assertSound(page);
    await picture(page, "signed-in", look);
  }
});

function newPage(t, ...options) {
  return newPageOf(browser, t, ...options);
}

async function status(page, text) {
  await page.getByRole("status").filter({ hasText: text }).waitFor();
}

async function picture(page, name, { colorScheme, viewport }) {
  await assertFits(page, name);
  await page.screenshot({ path: `${SCREENSHOTS}${name}-${colorScheme}-${viewport.width}.png`, fullPage: true });
}
