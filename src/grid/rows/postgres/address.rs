//! The address of a database: `postgresql://user:password@host:port/database`, or `…@/database?host=/folder` for a socket.

use std::path::PathBuf;

/// Where a database is, and who asks it.
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    /// The folder of the server's socket, where it is not asked over the network.
    pub socket: Option<PathBuf>,
    pub user: String,
    pub password: String,
    pub database: String,
}

const PORT: u16 = 5432;

impl Address {
    pub fn parse(text: &str) -> Option<Address> {
        let rest = text.trim().strip_prefix("postgresql://").or_else(|| text.trim().strip_prefix("postgres://"))?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (server, database) = rest.split_once('/')?;
        let (who, place) = server.rsplit_once('@')?;
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (place, PORT),
        };
        let mut address = Address {
            host: plain(host.trim_matches(['[', ']']))?,
            port,
            socket: None,
            user: plain(user).filter(|user| !user.is_empty())?,
            password: plain(password)?,
            database: plain(database).filter(|database| !database.is_empty())?,
        };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            // What is not known is not passed over: it may ask for encryption.
            match parameter.split_once('=')? {
                ("host", folder) => address.socket = Some(plain(folder)?.into()),
                ("port", port) => address.port = port.parse().ok()?,
                ("sslmode", "disable" | "allow" | "prefer") => {}
                _ => return None,
            }
        }
        (!address.host.is_empty() || address.socket.is_some()).then_some(address)
    }

    /// Host and database, without who asks and by which password.
    pub fn server(&self) -> String {
        let host = self.socket.as_ref().map_or(self.host.clone(), |folder| folder.display().to_string());
        format!("{host}:{}/{}", self.port, self.database)
    }
}

/// Without `%XX`.
fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &behind[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_clients_know() {
        let check = |text: &str, expected: Option<(&str, &str, &str)>| {
            let found = Address::parse(text).map(|a| (a.server(), a.user.clone(), a.password));
            let expected = expected.map(|(server, user, password)| (server.into(), user.into(), password.into()));
            assert_eq!(found, expected, "{text}");
        };
        check("postgresql://a:b@h:5433/d", Some(("h:5433/d", "a", "b")));
        check("postgres://a@h/d\n", Some(("h:5432/d", "a", "")));
        check("postgresql://a:p%40%2F@h/d?sslmode=disable", Some(("h:5432/d", "a", "p@/")));
        check("postgresql://a:b@/d?host=%2Fvar%2Frun&port=6000", Some(("/var/run:6000/d", "a", "b")));
        check("postgresql://a:b@[::1]:1/d", Some(("::1:1/d", "a", "b")));
        for text in [
            "h/d",
            "postgresql://h/d",
            "postgresql://a@/d",
            "postgresql://a@h",
            "postgresql://a@h/d?sslmode=require",
            "postgresql://a:%zz@h/d",
        ] {
            check(text, None);
        }
    }
}
