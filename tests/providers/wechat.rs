//! WeChat: who it is does not hang on what an answer may leave out.

use serde_json::Value;
use tower_oauth::providers;

use crate::document::Document;
use crate::{CLIENT_ID, client_secret, login};

#[tokio::test]
async fn a_union_id_that_appears_makes_nobody_another() {
    let mut document = Document::of("wechat");
    let mut subjects = Vec::new();
    for union_id in [Value::Null, document.token.response.body["unionid"].clone()] {
        document.token.response.body["unionid"] = union_id.clone();
        let wechat = providers::wechat(CLIENT_ID, client_secret());
        let profile = login::outcome(&document, wechat).await.json();
        assert_eq!(profile["claims"]["unionid"], union_id);
        subjects.push(profile["subject"].clone());
    }
    assert_eq!(subjects, [&*document.expect.subject; 2]);
}
