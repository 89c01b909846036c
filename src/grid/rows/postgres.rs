//! The rows of a query, streamed out of a PostgreSQL database as text, a buffer at a time.
//!
//! No message shows the address, which holds a password, nor what a server says of single values, which may be personal numbers.

mod address;

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use postgres_protocol::authentication::{md5_hash, sasl};
use postgres_protocol::message::backend::{ErrorFields, Message};
use postgres_protocol::message::frontend;

use crate::diag::{Diagnostic, Place};
use address::Address;

/// Until a server that does not answer is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are taken from the server at a time.
const BLOCK_BYTES: usize = 64 << 10;
/// A message of a server is no longer; a row that is cannot be a record.
const MESSAGE_BYTES: usize = 16 << 20;

/// Ask for rows and hand them over as text in UTF-8 with a header, commas and quotation marks; blank where there is no value.
///
/// # Errors
/// No server answers, it refuses, or it does not understand the query; or `take` fails.
pub fn ask<T>(
    address: &str,
    query: &str,
    shown: &str,
    take: impl FnOnce(&mut dyn Read) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let place = |fault: Diagnostic| if fault.place.file.is_none() { fault.at(Place::file(shown)) } else { fault };
    let address = Address::parse(address).ok_or_else(|| place(malformed()))?;
    let server = address.server();
    let told = |fault: Fault| place(fault.told(&server));
    let mut line = Line::open(&address).map_err(told)?;
    line.log_in(&address).map_err(told)?;
    line.copy(query).map_err(told)?;
    let mut rows = Rows { line, held: Bytes::new(), fault: None, ended: false };
    let taken = take(&mut rows);
    match rows.fault {
        Some(fault) => Err(told(fault)),
        None => taken.map_err(place),
    }
}

/// Why there are no rows.
enum Fault {
    /// Nobody answers.
    Absent,
    Io(io::Error),
    /// Its code, and what it says.
    Server {
        code: String,
        message: String,
    },
    /// The server wants a way to log in that is not known here.
    Login(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

impl Fault {
    fn told(self, server: &str) -> Diagnostic {
        let fault = |code, message: String, hint: &str| Diagnostic::error(code, message).hint(hint);
        match self {
            Fault::Absent => {
                let hint = "start the server, or correct the address";
                fault("database-absent", format!("no database answers at {server}"), hint)
            }
            Fault::Io(error) => {
                let message = format!("the connection to the database {server} broke ({})", error.kind());
                fault("database", message, "run again; nothing of the rows was taken")
            }
            Fault::Login(how) => {
                let message = format!("the database {server} wants {how}, which is not spoken here");
                fault("database-login", message, "let the user log in by scram-sha-256, md5 or password in pg_hba.conf")
            }
            // 28: who asks; 42, 3D, 3F: names and words of the query. Of other classes a message may quote values.
            Fault::Server { code, .. } if code.starts_with("28") => {
                let message = format!("the database {server} does not let this user in ({code})");
                fault("database-login", message, "correct user and password in the address of the database")
            }
            Fault::Server { code, message } if ["42", "3D", "3F"].iter().any(|class| code.starts_with(class)) => fault(
                "database-query",
                format!("the database {server} cannot answer: {message}"),
                "correct query or table in the extract's specification, or let the user read what it names",
            ),
            Fault::Server { code, .. } => fault(
                "database",
                format!("the database {server} gave up ({code})"),
                "the server's own log says more; nothing of the rows was taken",
            ),
        }
    }
}

fn malformed() -> Diagnostic {
    Diagnostic::error("database-address", "the address of the database is none").hint(
        "write postgresql://user:password@host:5432/database, special characters as %XX, a socket as ?host=/folder",
    )
}

/// What bytes go to and come from.
trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// A connection.
struct Line {
    wire: Box<dyn Wire>,
    came: BytesMut,
    goes: BytesMut,
}

impl Line {
    fn open(address: &Address) -> Result<Line, Fault> {
        #[cfg(unix)]
        if let Some(folder) = &address.socket {
            let path = folder.join(format!(".s.PGSQL.{}", address.port));
            let wire = std::os::unix::net::UnixStream::connect(path).map_err(|_| Fault::Absent)?;
            wire.set_read_timeout(None)?;
            return Ok(Line::over(Box::new(wire)));
        }
        let places = (address.host.as_str(), address.port).to_socket_addrs().map_err(|_| Fault::Absent)?;
        for place in places {
            if let Ok(wire) = TcpStream::connect_timeout(&place, PATIENCE) {
                wire.set_nodelay(true)?;
                return Ok(Line::over(Box::new(wire)));
            }
        }
        Err(Fault::Absent)
    }

    fn over(wire: Box<dyn Wire>) -> Line {
        Line { wire, came: BytesMut::new(), goes: BytesMut::new() }
    }

    fn send(&mut self) -> Result<(), Fault> {
        self.wire.write_all(&self.goes)?;
        self.goes.clear();
        Ok(self.wire.flush()?)
    }

    /// The next message that is no remark; an error of the server is one here.
    fn next(&mut self) -> Result<Message, Fault> {
        loop {
            match Message::parse(&mut self.came)? {
                Some(Message::ErrorResponse(body)) => return Err(of_server(body.fields())?),
                Some(Message::NoticeResponse(_) | Message::ParameterStatus(_) | Message::BackendKeyData(_)) => {}
                Some(message) => return Ok(message),
                None => self.more()?,
            }
        }
    }

    fn more(&mut self) -> Result<(), Fault> {
        if self.came.len() > MESSAGE_BYTES {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        let held = self.came.len();
        self.came.resize(held + BLOCK_BYTES, 0);
        let length = self.wire.read(&mut self.came[held..])?;
        self.came.truncate(held + length);
        if length == 0 { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) } else { Ok(()) }
    }

    fn log_in(&mut self, address: &Address) -> Result<(), Fault> {
        let about = [
            ("user", address.user.as_str()),
            ("database", &address.database),
            ("application_name", "shebao"),
            ("client_encoding", "UTF8"),
            // Nothing that a query could call changes anything.
            ("default_transaction_read_only", "on"),
        ];
        frontend::startup_message(about, &mut self.goes)?;
        self.send()?;
        let password = address.password.as_bytes();
        let mut scram = sasl::ScramSha256::new(password, sasl::ChannelBinding::unsupported());
        loop {
            match self.next()? {
                Message::AuthenticationOk => {}
                Message::ReadyForQuery(_) => return Ok(()),
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(password, &mut self.goes)?;
                    self.send()?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(address.user.as_bytes(), password, body.salt());
                    frontend::password_message(hash.as_bytes(), &mut self.goes)?;
                    self.send()?;
                }
                Message::AuthenticationSasl(_) => {
                    frontend::sasl_initial_response(sasl::SCRAM_SHA_256, scram.message(), &mut self.goes)?;
                    self.send()?;
                }
                Message::AuthenticationSaslContinue(body) => {
                    scram.update(body.data())?;
                    frontend::sasl_response(scram.message(), &mut self.goes)?;
                    self.send()?;
                }
                Message::AuthenticationSaslFinal(body) => scram.finish(body.data())?,
                _ => return Err(Fault::Login("another way to log in")),
            }
        }
    }

    /// Begin to send the rows.
    fn copy(&mut self, query: &str) -> Result<(), Fault> {
        frontend::query(&format!("COPY ({query}) TO STDOUT (FORMAT csv, HEADER true)"), &mut self.goes)?;
        self.send()?;
        match self.next()? {
            Message::CopyOutResponse(_) => Ok(()),
            _ => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
        }
    }
}

fn of_server(mut fields: ErrorFields<'_>) -> Result<Fault, Fault> {
    use postgres_protocol::message::backend::ErrorField;
    let (mut code, mut message) = (String::new(), String::new());
    let text = |field: &ErrorField<'_>| String::from_utf8_lossy(field.value_bytes()).into_owned();
    while let Some(field) = fallible(&mut fields)? {
        match field.type_() {
            b'C' => code = text(&field),
            b'M' => message = text(&field),
            _ => {}
        }
    }
    Ok(Fault::Server { code, message })
}

fn fallible<'a>(
    fields: &mut ErrorFields<'a>,
) -> io::Result<Option<postgres_protocol::message::backend::ErrorField<'a>>> {
    use fallible_iterator::FallibleIterator as _;
    fields.next()
}

/// The text of the rows.
struct Rows {
    line: Line,
    held: Bytes,
    fault: Option<Fault>,
    ended: bool,
}

impl Read for Rows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.held.is_empty() && !self.ended {
            match self.line.next() {
                Ok(Message::CopyData(body)) => self.held = body.into_bytes(),
                Ok(Message::ReadyForQuery(_)) => self.ended = true,
                Ok(_) => {}
                Err(fault) => {
                    // What went wrong is told by the one who asked; the reader only stops.
                    self.ended = true;
                    self.fault = Some(fault);
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
        }
        let length = self.held.len().min(into.len());
        into[..length].copy_from_slice(&self.held[..length]);
        self.held.advance(length);
        Ok(length)
    }
}
