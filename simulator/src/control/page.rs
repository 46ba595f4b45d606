//! The page itself: one file, compiled in, with a policy that lets nothing run but what is in it.

use super::answer::{self, Answer};
use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64, Encoding};
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, SET_COOKIE};

pub(crate) struct Page {
    policy: String,
}

impl Page {
    pub(crate) fn new() -> Self {
        let script = hash(between(HTML, "<script>", "</script>"));
        let style = hash(between(HTML, "<style>", "</style>"));
        let policy = format!(
            "default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self { policy }
    }

    pub(crate) fn answer(&self, cookie: Option<String>) -> Answer {
        let mut answer = answer::text("text/html; charset=utf-8", HTML);
        let headers = answer.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&self.policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            headers.insert(SET_COOKIE, cookie);
        }
        answer
    }
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let inner = text.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    inner.map_or("", |(inner, _)| inner)
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", Base64::encode_string(digest(&SHA256, text.as_bytes()).as_ref()))
}

const HTML: &str = include_str!("page.html");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_one_script_and_one_style_and_fetches_nothing_from_elsewhere() {
        for (tag, count) in
            [("<script", 1), ("<style", 1), ("style=", 0), ("onclick=\"", 0), ("innerHTML", 0)]
        {
            assert_eq!(HTML.matches(tag).count(), count, "{tag}");
        }
        let addresses = HTML.match_indices("http").filter(|(index, _)| HTML[*index..].contains("://"));
        for (index, _) in addresses {
            let address: String = HTML[index..].chars().take(40).collect();
            // The name of a format, not an address.
            let harmless = ["http://www.w3.org/2000/svg", "https://${", "https"];
            assert!(harmless.iter().any(|start| address.starts_with(start)), "{address}");
        }
        assert!(!between(HTML, "<script>", "</script>").is_empty());
    }
}
