//! A login, step by step; one file each, in this order:
//!
//! 1. [`start`]: where the browser is sent, and the [`attempt`] that waits for its return;
//! 2. [`callback`]: the authorization response is checked against the attempt;
//! 3. [`exchange`]: the code becomes tokens, at the [`token_endpoint`] and read through [`token_response`];
//! 4. [`id_token`]: the ID token is verified; [`step_up`]: and says what the login had to prove;
//! 5. [`userinfo`] and [`profile`]: the rest of the profile, and the identity it adds up to.
//!
//! What a login asks for is a [`login_request`]. After the login: [`refresh`] gets newer tokens, [`revoke`] gives them
//! back, [`end_session`] sends the browser to sign out at the provider, and a [`logout_token`] is how the provider
//! says that somebody did.

pub(crate) mod attempt;
pub(crate) mod callback;
pub(crate) mod end_session;
mod exchange;
pub(crate) mod finish;
pub(crate) mod id_token;
pub(crate) mod login_request;
pub(crate) mod logout_token;
mod profile;
mod refresh;
mod revoke;
pub(crate) mod start;
mod step_up;
mod token_endpoint;
pub(crate) mod token_response;
mod userinfo;
