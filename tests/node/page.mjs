// What the browser tests do with a page: find what a person sees, and hold what every page promises.

import assert from "node:assert/strict";

export function link(page, name) {
  return page.getByRole("link", { name }).first();
}

export function button(page, name) {
  return page.getByRole("button", { name }).first();
}

export function heading(page, name) {
  return page.getByRole("heading", { level: 1, name }).first();
}

/** What holds on every page: it can be read, heard and operated. */
export async function assertSound(page) {
  const facts = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    title: document.title.trim(),
    headings: [...document.querySelectorAll("h1")].map((one) => one.innerText),
  }));
  const where = new URL(page.url()).pathname;
  assert.match(facts.lang, /^[a-z]{2}/, `${where} says its language`);
  assert.notEqual(facts.title, "", `${where} has a title`);
  assert.equal(facts.headings.length, 1, `${where} has one h1, not ${JSON.stringify(facts.headings)}`);
  const tree = await page.locator("body").ariaSnapshot();
  const nameless = tree.match(/^\s*- '?(link|button)\b(?! ["/]).*$/gm);
  assert.equal(nameless, null, `${where} has links or buttons without a name:\n${tree}`);
}

export async function assertFits(page, name) {
  const [content, window] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(content <= window, `${name} is ${content} wide in a window of ${window}`);
}

/**
 * A page of a browser of its own. When the test ends, nothing may have gone wrong behind the scenes, but for requests to
 * the paths that are to fail.
 */
export async function newPage(browser, t, options = {}, { elsewhere = "forbidden", failing = [] } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(15_000);
  const complaints = [];
  if (elsewhere === "blocked") {
    await context.route((url) => !isHere(url.href), (route) => route.abort());
  } else {
    context.on("request", (one) => isHere(one.url()) || complaints.push(`request to ${one.url()}`));
  }
  context.on("console", (message) => {
    if (message.type() !== "error" || isExpected(message)) return;
    const { url } = message.location();
    if (failing.includes(URL.parse(url)?.pathname)) return;
    if (elsewhere === "blocked" && !isHere(url)) return;
    complaints.push(`console, at ${url}: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`script: ${error.error()}`));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  return context.newPage();
}

function isHere(url) {
  return !/^https?:/.test(url) || /^(localhost|127\.0\.0\.1)$/.test(new URL(url).hostname);
}

/** The browser also notes on the console that an error page has an error status, and a site no icon. */
function isExpected(message) {
  if (!/^Failed to load resource/.test(message.text())) return false;
  const { url } = message.location();
  return url === message.page()?.url() || new URL(url).pathname === "/favicon.ico";
}

export function anotherTab(page) {
  return page.context().newPage();
}
