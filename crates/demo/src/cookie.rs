//! A browser's cookies: RFC 6265 and the `__Host-` prefix of RFC 6265bis §4.1.3.
//!
//! Only host-only cookies are kept. A cookie that names a domain is refused, and so is one that breaks the rules
//! of its prefix: a server that relies on such a cookie does not get it back. `SameSite` is recorded, not judged.

use std::time::{Duration, SystemTime};

use url::Url;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    Unset,
    None,
    Lax,
    Strict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    pub host: String,
    pub name: String,
    pub value: String,
    pub path: String,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: SameSite,
    pub expires: Option<SystemTime>,
}

/// Why a `Set-Cookie` was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Malformed,
    Domain,
    Prefix,
    SecureOverHttp,
}

#[derive(Debug, Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// Takes one `Set-Cookie` header of an answer from `url`; an expired one deletes.
    pub fn store(&mut self, url: &Url, header: &str, now: SystemTime) -> Result<(), Refused> {
        let cookie = parse(url, header, now)?;
        self.cookies.retain(|held| {
            !(held.host == cookie.host && held.name == cookie.name && held.path == cookie.path)
        });
        if cookie.expires.is_none_or(|expires| expires > now) {
            self.cookies.push(cookie);
        }
        Ok(())
    }

    /// The `Cookie` header for a request to `url`: longer paths first, then older cookies first.
    pub fn header(&self, url: &Url, now: SystemTime) -> Option<String> {
        let mut fitting: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.fits(url, now))
            .collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = fitting
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub fn find(&self, host: &str, name: &str) -> Option<&Cookie> {
        self.cookies
            .iter()
            .find(|cookie| cookie.host == host && cookie.name == name)
    }
}

impl Cookie {
    fn fits(&self, url: &Url, now: SystemTime) -> bool {
        url.host_str() == Some(self.host.as_str())
            && path_matches(&self.path, url.path())
            && (!self.secure || url.scheme() == "https")
            && self.expires.is_none_or(|expires| expires > now)
    }
}

fn parse(url: &Url, header: &str, now: SystemTime) -> Result<Cookie, Refused> {
    let mut parts = header.split(';');
    let (name, value) = parts
        .next()
        .and_then(|pair| pair.split_once('='))
        .ok_or(Refused::Malformed)?;
    let mut cookie = Cookie {
        host: url.host_str().ok_or(Refused::Malformed)?.to_owned(),
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        path: default_path(url.path()),
        secure: false,
        http_only: false,
        same_site: SameSite::Unset,
        expires: None,
    };
    let mut root_path = false;
    let mut max_age = None;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "path" if value.starts_with('/') => {
                value.clone_into(&mut cookie.path);
                root_path = value == "/";
            }
            "domain" if !value.is_empty() => return Err(Refused::Domain),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => cookie.same_site = same_site(value),
            "max-age" => max_age = value.parse::<i64>().ok(),
            "expires" => cookie.expires = http_date(value),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        cookie.expires = Some(after(now, seconds));
    }
    judge(url, &cookie, root_path)?;
    Ok(cookie)
}

fn judge(url: &Url, cookie: &Cookie, root_path: bool) -> Result<(), Refused> {
    let https = url.scheme() == "https";
    if cookie.name.is_empty() {
        return Err(Refused::Malformed);
    }
    if cookie.secure && !https {
        return Err(Refused::SecureOverHttp);
    }
    let host_only = has_prefix(&cookie.name, "__host-");
    if host_only && !(cookie.secure && root_path) {
        return Err(Refused::Prefix);
    }
    if has_prefix(&cookie.name, "__secure-") && !cookie.secure {
        return Err(Refused::Prefix);
    }
    Ok(())
}

/// Prefixes are compared without case (RFC 6265bis §5.7).
fn has_prefix(name: &str, prefix: &str) -> bool {
    name.to_ascii_lowercase().starts_with(prefix)
}

fn same_site(value: &str) -> SameSite {
    match value.to_ascii_lowercase().as_str() {
        "none" => SameSite::None,
        "lax" => SameSite::Lax,
        "strict" => SameSite::Strict,
        _ => SameSite::Unset,
    }
}

fn after(now: SystemTime, seconds: i64) -> SystemTime {
    match u64::try_from(seconds) {
        Ok(0) | Err(_) => SystemTime::UNIX_EPOCH,
        // No more than 400 days, as browsers do, which also cannot overflow.
        Ok(seconds) => now + Duration::from_secs(seconds.min(400 * 86_400)),
    }
}

/// RFC 6265 §5.1.4.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path.get(..end).unwrap_or("/").to_owned(),
    }
}

/// RFC 6265 §5.1.4: equal, or a prefix that ends at a slash.
fn path_matches(cookie: &str, request: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), also with dashes as older servers write it.
fn http_date(text: &str) -> Option<SystemTime> {
    let text = text.replace('-', " ");
    let mut words = text.split_once(',')?.1.split_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let month = month(words.next()?)?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = u64::try_from(seconds).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn month(name: &str) -> Option<i64> {
    let names = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let position = names
        .iter()
        .position(|known| name.eq_ignore_ascii_case(known))?;
    i64::try_from(position + 1).ok()
}

/// Days since 1970-01-01 of a day in the Gregorian calendar (years counted from March).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const LOGIN: &str = "https://login.global.localhost:8443/contoso.com/oauth2/authorize?x=1";

    #[test]
    fn a_cookie_comes_back_to_its_host_and_path_only() {
        let mut jar = Jar::default();
        jar.store(&url(LOGIN), "a=1; Path=/contoso.com", at(0))
            .unwrap();
        jar.store(&url(LOGIN), "b=2; Path=/", at(0)).unwrap();
        let rows = [
            (
                "https://login.global.localhost:8443/contoso.com/x",
                Some("a=1; b=2"),
            ),
            (
                "https://login.global.localhost:9999/contoso.com",
                Some("a=1; b=2"),
            ),
            (
                "https://login.global.localhost:8443/contoso.community",
                Some("b=2"),
            ),
            ("https://login.global.localhost:8443/", Some("b=2")),
            ("https://myapps.global.localhost:8443/contoso.com", None),
            ("https://login.usgov.localhost:8443/", None),
        ];
        for (to, expected) in rows {
            assert_eq!(jar.header(&url(to), at(1)).as_deref(), expected, "{to}");
        }
    }

    #[test]
    fn the_rules_of_the_prefixes() {
        let http = "http://login.global.localhost/";
        let rows = [
            (
                LOGIN,
                "__Host-session=1; Secure; Path=/; HttpOnly; SameSite=None",
                Ok(()),
            ),
            (LOGIN, "__Host-session=1; Path=/", Err(Refused::Prefix)),
            (LOGIN, "__Host-session=1; Secure", Err(Refused::Prefix)),
            (
                LOGIN,
                "__Host-session=1; Secure; Path=/x",
                Err(Refused::Prefix),
            ),
            (LOGIN, "__host-session=1; Path=/", Err(Refused::Prefix)),
            (
                LOGIN,
                "__Host-s=1; Secure; Path=/; Domain=global.localhost",
                Err(Refused::Domain),
            ),
            (LOGIN, "__Secure-a=1", Err(Refused::Prefix)),
            (LOGIN, "a=1; Domain=global.localhost", Err(Refused::Domain)),
            (LOGIN, "no pair", Err(Refused::Malformed)),
            (LOGIN, "=1", Err(Refused::Malformed)),
            (http, "a=1; Secure", Err(Refused::SecureOverHttp)),
            (http, "a=1", Ok(())),
        ];
        for (from, header, expected) in rows {
            let mut jar = Jar::default();
            assert_eq!(jar.store(&url(from), header, at(0)), expected, "{header}");
            assert_eq!(jar.cookies.len(), usize::from(expected.is_ok()), "{header}");
        }
    }

    #[test]
    fn life_max_age_beats_expires_and_the_past_deletes() {
        let host = url("https://a.localhost/");
        let mut jar = Jar::default();
        jar.store(
            &host,
            "a=1; Max-Age=10; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
            at(0),
        )
        .unwrap();
        assert_eq!(jar.header(&host, at(9)).as_deref(), Some("a=1"));
        assert_eq!(jar.header(&host, at(10)), None);
        jar.store(&host, "a=; Max-Age=0", at(1)).unwrap();
        assert_eq!(jar.header(&host, at(1)), None);
        jar.store(&host, "b=2; Expires=Sun, 06-Nov-1994 08:49:37 GMT", at(0))
            .unwrap();
        assert_eq!(
            jar.find("a.localhost", "b").unwrap().expires,
            Some(at(784_111_777))
        );
        assert_eq!(jar.header(&host, at(784_111_777)), None);
    }

    #[test]
    fn same_site_is_recorded_and_a_new_value_replaces() {
        let host = url("https://a.localhost/");
        let mut jar = Jar::default();
        jar.store(&host, "a=1; SameSite=Lax; Secure", at(0))
            .unwrap();
        jar.store(&host, "a=2; SameSite=Strict; Secure", at(0))
            .unwrap();
        let cookie = jar.find("a.localhost", "a").unwrap();
        assert_eq!(
            (cookie.value.as_str(), cookie.same_site),
            ("2", SameSite::Strict)
        );
        assert_eq!(jar.header(&url("http://a.localhost/"), at(0)), None);
    }
}
