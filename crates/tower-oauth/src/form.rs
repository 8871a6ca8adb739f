//! Parameters of a request to a login route: the query, or a bounded form.

use std::pin::{Pin, pin};

use bytes::{Buf as _, BufMut as _, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Body;
use http_body_util::BodyExt;
use tower_oauth_core::{Error, ErrorKind};

/// Largest form: an authorization response, or a return target.
const MAX_FORM_LEN: usize = 32 * 1024;

/// The body of a request to a login route, which may turn out to be a form.
///
/// Whatever type the application's bodies have, so that no route has to be compiled for it.
pub(crate) struct RequestBody(Pin<Box<dyn Future<Output = Result<BytesMut, Error>> + Send>>);

impl RequestBody {
    /// Nothing is read yet.
    pub(crate) fn new<B>(body: B) -> Self
    where
        B: Body + Send + 'static,
        B::Data: Send,
    {
        Self(Box::pin(read(body)))
    }

    /// Reads a form that a browser posted with these `headers`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when the body is of another type, too large, or breaks off.
    pub(crate) async fn form(self, headers: &HeaderMap) -> Result<BytesMut, Error> {
        if !is_form(headers) {
            return Err(malformed("the body is not application/x-www-form-urlencoded"));
        }
        self.0.await
    }
}

async fn read<B: Body>(body: B) -> Result<BytesMut, Error> {
    let mut body = pin!(body);
    let mut form = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| malformed("the body breaks off"))?;
        let Ok(data) = frame.into_data() else { continue };
        if form.len() + data.remaining() > MAX_FORM_LEN {
            return Err(malformed("the form is larger than 32 KiB"));
        }
        form.put(data);
    }
    Ok(form)
}

fn malformed(reason: &'static str) -> Error {
    Error::new(ErrorKind::Malformed, reason)
}

/// Whether the request says that its body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// The one value of the parameter `name`; `None` if it is absent or occurs twice.
pub(crate) fn parameter(encoded: &[u8], name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(encoded).filter(|(found, _)| found == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;
    use http::HeaderValue;
    use http_body::Frame;

    use super::*;

    /// A body that breaks off after these parts.
    struct Broken(Vec<&'static str>);

    impl Body for Broken {
        type Data = Bytes;
        type Error = ();

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, ()>>> {
            Poll::Ready(Some(self.0.pop().map(|part| Frame::data(part.into())).ok_or(())))
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_no_form() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = RequestBody::new(Broken(vec!["return_to=/private"]));
        let read = pin!(body.form(&headers));
        let Poll::Ready(read) = read.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing to wait for");
        };
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Malformed);
    }

    #[test]
    fn a_parameter_named_twice_is_none() {
        assert_eq!(parameter(b"a=1&b=2", "a").as_deref(), Some("1"));
        assert_eq!(parameter(b"a=1&a=1", "a"), None);
    }
}
