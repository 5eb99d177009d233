//! Mail over SMTP (RFC 5321; STARTTLS by RFC 3207, implicit TLS by RFC 8314).

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    transport::smtp::authentication::Credentials,
};

use crate::{
    config::{Security, Smtp},
    file,
    port::{Clock, Mail, Mailer, Random},
    random,
};

/// For each command to the mail server.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends over SMTP.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl SmtpMailer {
    /// Reads the password file; connects when the first message goes.
    pub fn new(
        smtp: &Smtp,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> anyhow::Result<Self> {
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let mut builder = match smtp.security {
            Security::StartTls => Transport::starttls_relay(&smtp.host)?,
            Security::Tls => Transport::relay(&smtp.host)?,
            Security::Loopback => Transport::builder_dangerous(&smtp.host),
        };
        builder = builder.timeout(Some(TIMEOUT));
        if let Some(port) = smtp.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(path)) = (&smtp.username, &smtp.password_file) {
            file::ensure_private(path)?;
            let password = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            builder = builder.credentials(Credentials::new(
                user.clone(),
                password.trim_end_matches(['\r', '\n']).to_owned(),
            ));
        }
        Ok(Self {
            transport: builder.build(),
            clock,
            random,
        })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), String> {
        let message = super::message(mail, self.clock.now(), random::bytes(&*self.random))?;
        let sent = self.transport.send(message).await;
        sent.map(drop)
            .map_err(|error| format!("the mail server did not take the message: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::SmtpMailer;
    use crate::{
        clock::SystemClock,
        config::{Security, Smtp},
        port::Mailer as _,
        random::SystemRandom,
    };
    use std::sync::Arc;
    use tokio::{
        io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
        net::TcpListener,
    };

    /// A mail server for one message: answers `rcpt` to RCPT and returns what it was told.
    async fn server(listener: TcpListener, rcpt: &'static str) -> String {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        write.write_all(b"220 test ESMTP\r\n").await.unwrap();
        let mut lines = BufReader::new(read).lines();
        let (mut told, mut in_data) = (String::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            told.push_str(&line);
            told.push('\n');
            let answer = match line.split([' ', ':']).next().unwrap_or("") {
                "." if in_data => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => continue,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "RCPT" => rcpt,
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            write
                .write_all(format!("{answer}\r\n").as_bytes())
                .await
                .unwrap();
        }
        told
    }

    async fn send(rcpt: &'static str, security: Security) -> (Result<(), String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let smtp = Smtp {
            host: "127.0.0.1".into(),
            port: Some(port),
            security,
            username: None,
            password_file: None,
            from: "invites@example.gov".into(),
        };
        let server = tokio::spawn(server(listener, rcpt));
        let sent = {
            let mailer =
                SmtpMailer::new(&smtp, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap();
            mailer.send(&super::super::tests::mail()).await
        };
        (sent, server.await.unwrap())
    }

    #[tokio::test]
    async fn a_message_is_handed_over() {
        let (sent, told) = send("250 ok", Security::Loopback).await;
        sent.unwrap();
        assert!(
            told.contains("MAIL FROM:<invites@contoso.onmicrosoft.com>"),
            "{told}"
        );
        assert!(told.contains("RCPT TO:<nora@northwind.us>"), "{told}");
        assert!(told.contains("Content-Type: text/html"), "{told}");
    }

    #[tokio::test]
    async fn a_refusal_is_told() {
        let (sent, _) = send("550 no such person", Security::Loopback).await;
        assert!(sent.unwrap_err().contains("did not take the message"));
    }

    #[tokio::test]
    async fn without_tls_nothing_is_sent_where_tls_is_wanted() {
        let (sent, told) = send("250 ok", Security::StartTls).await;
        assert!(sent.is_err());
        assert!(!told.contains("MAIL") && !told.contains("RCPT"), "{told}");
    }
}
