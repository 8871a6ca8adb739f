const message = { type: "tower-oauth:signed-in" };
new BroadcastChannel("tower-oauth").postMessage(message);
if (window.opener) window.opener.postMessage(message, window.location.origin);
window.close();
