// What the browser tests need around them: Chromium, the demo, and the independent provider.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const DEMO_BIN = process.env.DEMO_BIN ?? built("demo");

/** A program that Cargo has built beside the demo. */
function built(name) {
  const folder = process.env.DEMO_BIN ? dirname(process.env.DEMO_BIN) : fileURLToPath(new URL("../../target/debug", import.meta.url));
  return join(folder, name);
}

export function launchChromium(options = {}) {
  return chromium.launch({
    ...options,
    executablePath: findChromium(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = process.env.PATH.split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (!found) throw new Error(`none of ${names.join(", ")} is on PATH: install one, or name one in CHROMIUM`);
  return found;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the demo at a free port of localhost, and waits until it answers. */
export async function startDemo(env = {}) {
  const url = env.AUTH_URL ?? `http://localhost:${await freePort()}`;
  return start(DEMO_BIN, `${url}/healthz`, { AUTH_URL: url, ...env }, url);
}

/** Starts the example `spa`. */
export async function startSpa() {
  const url = `http://localhost:${await freePort()}`;
  return start(built("spa"), url, { SPA_URL: url }, url);
}

/** Starts the application whose provider answers by form. */
export async function startBrowserApp(env = {}) {
  const url = `http://localhost:${await freePort()}`;
  return start(built("browser-app"), `${url}/healthz`, { APP_URL: url, ...env }, url);
}

/** Starts a program with no login configured but `env`, and waits until `health` answers. */
async function start(program, health, env, url) {
  if (!existsSync(program)) throw new Error(`${program} does not exist: cargo build --workspace`);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AUTH|DEMO)_/.test(name));
  const child = spawn(program, [], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => said.push(data));
  let failure;
  child.on("error", (error) => (failure = error));
  child.on("exit", (code, signal) => (failure ??= new Error(`it ended with ${code ?? signal}`)));

  for (let left = 100; left > 0 && !failure; left -= 1) {
    const healthy = await fetch(health).then((answer) => answer.ok, () => false);
    if (healthy && !failure) return { url, stop: () => child.kill() };
    await sleep(200);
  }
  child.kill();
  const reason = failure?.message ?? `no answer from ${health}`;
  throw new Error(`${program} did not start: ${reason}\n${Buffer.concat(said)}`);
}

/** Starts `oidc-provider.mjs`; with `log_requests`, `requests()` lists those it has seen. */
export async function startProvider(settings) {
  const script = fileURLToPath(new URL("oidc-provider.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], { stdio: "pipe" });
  const output = [];
  const errors = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  const lines = createInterface({ input: child.stdout }).on("line", (line) => output.push(line));
  try {
    await once(lines, "line", { signal: AbortSignal.timeout(20_000) });
  } catch (cause) {
    child.kill();
    throw new Error(`the provider did not start:\n${errors.join("\n")}`, { cause });
  }
  const { issuer } = JSON.parse(output[0]);
  return { issuer, child, output, requests: () => [...errors], stop: () => child.kill() };
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
