//! Where a request comes from, as the listener saw it. An extension of every request that came
//! over a socket; requests made in-process have none.

use std::{net::IpAddr, sync::Arc};

/// The other end of the connection. Forwarding headers are already applied where the operator
/// listed the proxy, and dropped everywhere (V-18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// The name the client asked for in TLS, lower case; absent behind a proxy.
    pub server_name: Option<Arc<str>>,
    /// The client certificate (DER), only on the device host. The client has proven its key;
    /// nothing else about the certificate has been checked.
    pub client_certificate: Option<Arc<[u8]>>,
}
