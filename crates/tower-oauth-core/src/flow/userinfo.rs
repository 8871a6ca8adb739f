//! The rest of the profile: the userinfo endpoint (OpenID Connect Core section 5.3), or a provider's own API.

use std::borrow::Cow;
use std::time::Duration;

use aws_lc_rs::hmac;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::client::{Client, has_media_type, unavailable};
use crate::discovery::Metadata;
use crate::error::{Error, ErrorKind};
use crate::http_client::Limits;
use crate::json;
use crate::provider::{UserInfo, UserInfoRequest};
use crate::secret::AccessTokenSecret;

const LIMITS: Limits = Limits::new(Duration::from_secs(10), 1024 * 1024);

impl Client {
    /// The endpoint that tells who an access token belongs to, for an application that asks again; `None`
    /// where the provider has none.
    ///
    /// # Errors
    ///
    /// When the provider's metadata is needed and cannot be had.
    pub async fn userinfo_endpoint(&self) -> Result<Option<String>, Error> {
        Ok(match &self.provider.quirks.userinfo {
            UserInfo::Discovered | UserInfo::IdToken => {
                self.metadata().await?.userinfo_endpoint.clone()
            }
            UserInfo::TokenResponse => None,
            UserInfo::Requests(requests) => requests.first().map(|request| request.url.clone()),
        })
    }

    /// What the provider's profile endpoints say of the user that `access_token` belongs to; `None` where
    /// there is none to ask.
    pub(super) async fn userinfo(
        &self,
        access_token: &AccessTokenSecret,
        metadata: &Metadata,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let requests = match &self.provider.quirks.userinfo {
            UserInfo::IdToken | UserInfo::TokenResponse => return Ok(None),
            UserInfo::Discovered => match &metadata.userinfo_endpoint {
                None => return Ok(None),
                Some(url) => &vec![UserInfoRequest::profile(url)],
            },
            UserInfo::Requests(requests) => requests,
        };
        let mut profile = Map::new();
        for request in requests {
            match self.ask(request, access_token).await {
                Ok(members) => profile.extend(members),
                Err(error) if request.required => return Err(error),
                Err(error) => tracing::debug!(
                    target: "tower_oauth::login",
                    provider = &*self.provider.key,
                    "an optional part of the profile is missing: {error}"
                ),
            }
        }
        Ok(Some(profile))
    }

    /// One request: the object it answers with, or its whole answer as the one member `into`.
    async fn ask(
        &self,
        asked: &UserInfoRequest,
        access_token: &AccessTokenSecret,
    ) -> Result<Map<String, Value>, Error> {
        let request = self.request(asked, access_token)?;
        let response = self.send(request, LIMITS, ErrorKind::UserInfo).await?;
        if let Some(error) = unavailable("the userinfo endpoint", &response) {
            return Err(error);
        }
        if response.status() != StatusCode::OK {
            return Err(invalid(format!("has status {}", response.status().as_u16())));
        }
        let also_json = self.provider.quirks.userinfo_types.iter();
        if !has_media_type(&response, "application/json")
            && !also_json.copied().any(|media_type| has_media_type(&response, media_type))
        {
            return Err(invalid("is not application/json"));
        }
        let unreadable = |problem: json::JsonError| invalid(problem);
        match asked.into {
            None => json::parse_object(response.body()).map_err(unreadable),
            Some(member) => {
                // A list is fine here; wrapping it has it read by the same strict rules.
                let prefix = format!("{{\"{member}\":");
                let wrapped = [prefix.as_bytes(), response.body(), b"}"].concat();
                let members = json::parse_object(&wrapped).map_err(unreadable)?;
                if members.len() == 1 { Ok(members) } else { Err(invalid("is not one JSON value")) }
            }
        }
    }

    fn request(
        &self,
        asked: &UserInfoRequest,
        access_token: &AccessTokenSecret,
    ) -> Result<http::Request<Bytes>, Error> {
        let quirks = &self.provider.quirks;
        // RFC 6750 section 2: in the header or a form, never in the URL.
        let credentials = format!("{} {}", quirks.access_token_scheme, access_token.secret());
        let mut credentials = HeaderValue::try_from(credentials)
            .map_err(|_| invalid("cannot be asked with this access token"))?;
        credentials.set_sensitive(true);
        let mut url = Cow::Borrowed(&*asked.url);
        if quirks.app_secret_proof {
            let separator = if url.contains('?') { '&' } else { '?' };
            let proof = self.app_secret_proof(access_token);
            url = format!("{url}{separator}appsecret_proof={proof}").into();
        }
        let request = http::Request::builder().uri(&*url);
        let (request, body) = if asked.form {
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("access_token", access_token.secret())
                .append_pair("client_id", &self.provider.client_id)
                .finish();
            let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            (request.method(Method::POST), form.into())
        } else if let Some(json) = asked.body {
            let request = request.header(CONTENT_TYPE, "application/json");
            let request = request.header(AUTHORIZATION, credentials);
            (request.method(Method::POST), Bytes::from_static(json.as_bytes()))
        } else {
            (request.header(AUTHORIZATION, credentials), Bytes::new())
        };
        request.body(body).map_err(|_| invalid("has an address that cannot be called"))
    }

    /// Proves for this one token that the caller knows the client secret, and tells neither.
    fn app_secret_proof(&self, access_token: &AccessTokenSecret) -> String {
        let secret = self.provider.client_secret.secret().as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let proof = hmac::sign(&key, access_token.secret().as_bytes());
        proof.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(super) fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::UserInfo, format!("the userinfo answer {what}"))
}
