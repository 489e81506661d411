//! Where requests go, and how long they may take.

use std::time::Duration;

use wasmtime_wasi_http::RequestOptions;

use super::target::Target;
use super::timeouts::Timeouts;

fn check(uri: &str, expected: &str) {
    let found = match Target::of(&uri.parse().unwrap()) {
        Ok(target) => {
            let header = target.header.to_str().unwrap();
            let Target { host, port, .. } = &target;
            format!("{host} at {port} by {:?}, told {header}", target.protection)
        }
        Err(error) => format!("{error:?}"),
    };
    assert_eq!(found, expected, "{uri}");
}

#[test]
fn the_authority_alone_says_where_a_request_goes() {
    check("http://server/a?b", "server at 80 by None, told server");
    check("https://server", "server at 443 by Tls, told server");
    check("http://server:80/", "server at 80 by None, told server");
    check(
        "http://server:443/",
        "server at 443 by None, told server:443",
    );
    check(
        "https://[fd77::2]:8/",
        "fd77::2 at 8 by Tls, told [fd77::2]:8",
    );
    check("http://[::1]/", "::1 at 80 by None, told [::1]");
    check("http://Server./", "Server. at 80 by None, told Server.");
    check("http://a//b.example/", "a at 80 by None, told a");
}

#[test]
fn what_can_be_read_in_two_ways_makes_no_target() {
    for uri in [
        "http://user@server/",
        "http://user:secret@server/",
        "http://server:80@other/",
        "http://server:/",
        "http://server:99999/",
        "/path",
    ] {
        check(uri, "HttpRequestUriInvalid");
    }
}

#[test]
fn every_timeout_is_kept_between_a_millisecond_and_a_minute() {
    let kept = |connect_timeout| {
        let options = RequestOptions {
            connect_timeout,
            ..RequestOptions::default()
        };
        Timeouts::from(Some(options)).connect
    };
    for (asked, expected) in [
        (Duration::ZERO, Duration::from_millis(1)),
        (Duration::from_nanos(7), Duration::from_millis(1)),
        (Duration::from_secs(3), Duration::from_secs(3)),
        (Duration::MAX, Duration::from_secs(60)),
    ] {
        assert_eq!(kept(Some(asked)), expected, "{asked:?}");
    }
    assert_eq!(kept(None), Duration::from_secs(60));
    assert_eq!(Timeouts::from(None).between_bytes, Duration::from_secs(60));
}
