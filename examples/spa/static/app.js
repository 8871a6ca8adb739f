// Everything a single-page application does about its login. There is no token here: the session is in a cookie that
// no script can read, and the API is called through the application.

const element = (id) => document.getElementById(id);

/** Asks who is signed in, and shows it. */
async function show() {
  const session = await (await fetch("/auth/session")).json();
  element("who").textContent = session.signed_in
    ? `Signed in as ${session.user.display_name}`
    : "Nobody is signed in";
  element("sign-in").hidden = session.signed_in;
  element("sign-out").hidden = !session.signed_in;
  element("greeting").textContent = "";
}

/** Signs in in a window of its own; where the browser opens none, in this one. */
function signIn(loginUrl = "/auth/login") {
  const url = new URL(loginUrl, location.href);
  url.searchParams.set("popup", "1");
  if (!window.open(url, "sign-in", "popup,width=480,height=640")) location.assign(loginUrl);
}

async function greet() {
  const answer = await fetch("/api/greeting");
  const body = await answer.json();
  if (answer.status === 401) return signIn(body.login_url);
  element("greeting").textContent = answer.ok ? body.text : `${body.title}: ${body.detail}`;
}

/** The session here has ended when the answer comes; where the provider has one too, the browser is to go and end that. */
async function signOut() {
  const answer = await fetch("/auth/logout", { method: "POST" });
  channel.postMessage({ type: "tower-oauth:signed-out" });
  if (answer.status === 200) location.assign((await answer.json()).logout_url);
  else await show();
}

// Tells of a login in any window of this origin, and of a sign-out in another tab.
const channel = new BroadcastChannel("tower-oauth");
channel.addEventListener("message", show);

element("sign-in").addEventListener("click", () => signIn());
element("greet").addEventListener("click", greet);
element("sign-out").addEventListener("click", signOut);
await show();
