//! WeChat: login on websites with WeChat Open Platform.
//!
//! - The client id is called `appid` and the client secret `secret`; scopes are separated by commas.
//! - The documentation sends the secret in the URL of a `GET`. It is posted as a form here, as `django-allauth` and
//!   python-social-auth do.
//! - Answers are JSON under `text/plain`; errors are an `errcode` under status 200. There is no `token_type`.
//! - The token response tells who it is: `openid` never changes for this app, and `unionid` is the same user at all
//!   apps of one account. The userinfo endpoint wants the token in its URL, and is not asked.
//! - A user who refuses does not come back.
//! - A token lives for two hours. Each login comes with a refresh token, which is good for 30 days and presented at an
//!   endpoint of its own.
//!
//! Source: developers.weixin.qq.com, "Website App, WeChat Login" and "Authorized Interface Calling, `UnionID`";
//! django-allauth, `weixin/client.py`, and python-social-auth, `backends/weixin.py` with its test.

use super::oauth2;
use crate::provider::{Brand, OfflineAccess, Pkce, Provider, Registration, UserInfo};
use crate::secret::ClientSecret;

/// WeChat, for a website application approved at <https://open.weixin.qq.com>. Its `AppID` is the client id, its
/// `AppSecret` the client secret.
///
/// Asks for `snsapi_login`, the one scope that websites have.
pub fn wechat(client_id: impl Into<String>, client_secret: impl Into<ClientSecret>) -> Provider {
    oauth2(
        "https://open.weixin.qq.com/connect/qrconnect",
        "https://api.weixin.qq.com/sns/oauth2/access_token",
        "", // The token response tells who it is.
        client_id,
        client_secret,
    )
    .key("wechat")
    .display_name("WeChat")
    .registered(Registration {
        at: "https://open.weixin.qq.com",
        redirect_uri: "Authorization callback domain (the host alone)",
        refresh_token: "Always; access tokens last two hours. A refresh is documented as a GET and posted here; \
             should that be refused, API calls want a new login.",
        notes: &[
            "Neither PKCE nor a nonce protects the code; register no callback domain but this one.",
            "The identity is the openid, with the unionid among the claims; the profile has neither name nor address.",
        ],
    })
    .scopes(["snsapi_login"])
    .quirks(|quirks| {
        quirks.parameter_names = &[("client_id", "appid"), ("client_secret", "secret")];
        quirks.pkce = Pkce::Unsupported;
        quirks.scope_delimiter = ',';
        quirks.authorization_fragment = Some("wechat_redirect");
        quirks.token_errors = &[
            ("errcode", "40029", "invalid_grant"), // an invalid code
            ("errcode", "40163", "invalid_grant"), // a code that was used
            ("errcode", "40030", "invalid_grant"), // an invalid refresh token
            ("errcode", "42002", "invalid_grant"), // an expired refresh token
            ("errcode", "40013", "invalid_client"), // an invalid AppID
            ("errcode", "40125", "invalid_client"), // an invalid AppSecret
        ];
        quirks.userinfo = UserInfo::TokenResponse;
        // Not the unionid, which is not in every answer: a user must not become another when it appears.
        quirks.claims.subject = "openid";
        quirks.offline_access = OfflineAccess::NotAsked;
        quirks.refresh_endpoint = Some("https://api.weixin.qq.com/sns/oauth2/refresh_token".into());
        quirks.brand = Brand::with_icon(ICON);
    })
}

/// The mark in the colour of the text around it. From Simple Icons, CC0.
const ICON: &str = r#"<path fill="currentColor" d="M8.691 2.188C3.891 2.188 0 5.476 0 9.53c0 2.212 1.17 4.203 3.002 5.55a.59.59 0 0 1 .213.665l-.39 1.48c-.019.07-.048.141-.048.213 0 .163.13.295.29.295a.326.326 0 0 0 .167-.054l1.903-1.114a.864.864 0 0 1 .717-.098 10.16 10.16 0 0 0 2.837.403c.276 0 .543-.027.811-.05-.857-2.578.157-4.972 1.932-6.446 1.703-1.415 3.882-1.98 5.853-1.838-.576-3.583-4.196-6.348-8.596-6.348zM5.785 5.991c.642 0 1.162.529 1.162 1.18a1.17 1.17 0 0 1-1.162 1.178A1.17 1.17 0 0 1 4.623 7.17c0-.651.52-1.18 1.162-1.18zm5.813 0c.642 0 1.162.529 1.162 1.18a1.17 1.17 0 0 1-1.162 1.178 1.17 1.17 0 0 1-1.162-1.178c0-.651.52-1.18 1.162-1.18zm5.34 2.867c-1.797-.052-3.746.512-5.28 1.786-1.72 1.428-2.687 3.72-1.78 6.22.942 2.453 3.666 4.229 6.884 4.229.826 0 1.622-.12 2.361-.336a.722.722 0 0 1 .598.082l1.584.926a.272.272 0 0 0 .14.047c.134 0 .24-.111.24-.247 0-.06-.023-.12-.038-.177l-.327-1.233a.582.582 0 0 1-.023-.156.49.49 0 0 1 .201-.398C23.024 18.48 24 16.82 24 14.98c0-3.21-2.931-5.837-6.656-6.088V8.89c-.135-.01-.27-.027-.407-.03zm-2.53 3.274c.535 0 .969.44.969.982a.976.976 0 0 1-.969.983.976.976 0 0 1-.969-.983c0-.542.434-.982.97-.982zm4.844 0c.535 0 .969.44.969.982a.976.976 0 0 1-.969.983.976.976 0 0 1-.969-.983c0-.542.434-.982.969-.982z"/>"#;
