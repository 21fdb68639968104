use super::policy::OutboundPolicy;
use super::webhook_url::{PlainHttp, UrlFault, faults};

/// Everything that can be said against an address that pages are to be read from, without asking a resolver; the client that reads judges what its
/// name resolves to. Plain http is for anybody: what is read there is public.
#[must_use]
pub fn web_url_faults(text: &str, policy: OutboundPolicy) -> Vec<UrlFault> {
    faults(text, policy, PlainHttp::Anywhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(url: &str) -> Vec<&'static str> {
        let found = web_url_faults(url, OutboundPolicy::default());
        found.into_iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn public_pages_may_be_read_over_plain_http_and_own_networks_not_at_all() {
        assert_eq!(codes("http://example.com/docs/"), [""; 0]);
        assert_eq!(codes("http://169.254.169.254/latest/meta-data"), ["not_public"]);
        assert_eq!(codes("http://localhost/"), ["not_public"]);
        assert_eq!(codes("file:///etc/passwd"), ["scheme", "invalid"]);
        let said = web_url_faults("ftp://example.com/", OutboundPolicy::default());
        let said: Vec<&str> = said.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(said, ["must begin with https:// or http://"]);
    }
}
