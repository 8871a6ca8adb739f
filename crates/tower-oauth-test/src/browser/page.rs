//! [`Page`]: a response with its links and forms.

use bytes::Bytes;
use html5gum::{StartTag, Token, Tokenizer};
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::Value;
use url::Url;

/// What a server answered, and what a person could click on it.
#[derive(Clone, Debug)]
pub struct Page {
    url: Url,
    response: Response<Bytes>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// Where it goes, as written.
    pub href: String,
    /// What it says.
    pub text: String,
}

/// A form with the values it starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Form {
    /// Where it goes, as written.
    pub action: String,
    /// How it goes there.
    pub method: Method,
    /// Names and values of its fields, in order.
    pub fields: Vec<(String, String)>,
    buttons: Vec<Button>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Button {
    name: String,
    value: String,
    text: String,
}

impl Page {
    pub(super) fn new(url: Url, response: Response<Bytes>) -> Self {
        Self { url, response }
    }

    /// Where the page is, after redirects.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The status it came with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers it came with.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The header `name` as text, empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.response.body()).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(self.response.body()).expect("the body is JSON")
    }

    /// The links of the page, in order.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        self.read().links
    }

    /// The forms of the page, in order.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        self.read().forms
    }

    fn read(&self) -> Reader {
        let text = self.text();
        let mut reader = Reader::default();
        for Ok(token) in Tokenizer::new(text.as_str()) {
            match token {
                Token::StartTag(tag) => reader.start(&tag),
                Token::EndTag(tag) => reader.end(&tag.name),
                Token::String(text) => reader.text(&String::from_utf8_lossy(&text)),
                _ => {}
            }
        }
        reader
    }
}

impl Form {
    /// The form with another value in the field `name`.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(found, _)| found != name);
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The form with the button pressed whose text contains `text`.
    #[must_use]
    pub fn pressed(self, text: &str) -> Option<Self> {
        self.with_button(|button| button.text.contains(text))
    }

    /// The form with the button pressed whose value is `value`.
    #[must_use]
    pub fn chosen(self, value: &str) -> Option<Self> {
        self.with_button(|button| button.value == value)
    }

    pub(super) fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }

    fn with_button(mut self, is_it: impl Fn(&Button) -> bool) -> Option<Self> {
        let button = self.buttons.iter().find(|button| is_it(button))?.clone();
        if !button.name.is_empty() {
            self.fields.push((button.name, button.value));
        }
        Some(self)
    }
}

/// Collects links and forms while the page is read.
#[derive(Default)]
struct Reader {
    links: Vec<Link>,
    forms: Vec<Form>,
    in_link: bool,
    in_form: bool,
    in_button: bool,
}

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes());
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let text = |name: &str| attribute(name).unwrap_or_default();
        match (tag.name.as_slice(), self.forms.last_mut().filter(|_| self.in_form)) {
            (b"a", _) => {
                self.in_link = true;
                self.links.push(Link { href: text("href"), text: String::new() });
            }
            (b"form", _) => {
                let is_post = text("method").eq_ignore_ascii_case("post");
                self.in_form = true;
                self.forms.push(Form {
                    action: text("action"),
                    method: if is_post { Method::POST } else { Method::GET },
                    fields: Vec::new(),
                    buttons: Vec::new(),
                });
            }
            (b"button", Some(form)) => {
                self.in_button = true;
                form.buttons.push(Button {
                    name: text("name"),
                    value: text("value"),
                    ..Button::default()
                });
            }
            (b"input", Some(form)) => match text("type").as_str() {
                "submit" => form.buttons.push(Button {
                    name: text("name"),
                    value: text("value"),
                    text: text("value"),
                }),
                "checkbox" | "radio" if attribute("checked").is_none() => {}
                _ => form.fields.push((text("name"), text("value"))),
            },
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(link) = self.links.last_mut().filter(|_| self.in_link) {
            link.text.push_str(text);
        }
        if let Some(button) = self.forms.last_mut().and_then(|form| form.buttons.last_mut())
            && self.in_button
        {
            button.text.push_str(text);
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"a" => self.in_link = false,
            b"form" => self.in_form = false,
            b"button" => self.in_button = false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_forms_are_read() {
        let html = r#"<a href="/x?a=1&amp;b=2">Go <b>on</b></a>
            <form method="post" action="/do"><input type=hidden name=h value="&lt;v&gt;">
            <input name=login><input type=checkbox name=c value=1>
            <button name=who value=a><span>Alice</span></button><button>Cancel</button></form>"#;
        let page = Page::new(
            Url::parse("https://app.example/").unwrap(),
            Response::new(Bytes::from(html)),
        );
        assert_eq!(page.links(), [Link { href: "/x?a=1&b=2".into(), text: "Go on".into() }]);
        let form = page.forms().remove(0);
        assert_eq!((form.method.as_str(), form.action.as_str()), ("POST", "/do"));
        let form = form.fill("login", "me").pressed("Alice").unwrap();
        assert_eq!(form.encode(), "h=%3Cv%3E&login=me&who=a");
    }
}
