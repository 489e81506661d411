//! Dialling the world, for whoever holds sockets: the front, and `sublet run`.
//!
//! A name is resolved at the moment of dialling. Of its addresses those are kept that the policy lets through, and exactly
//! they are connected to, in their order: no later answer of a resolver can change what was decided.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use sublet_network::policy::Egress;
use sublet_network::{Pending, Range, Refusal, Target};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

/// How long a resolver may take.
const RESOLVE_MAX: Duration = Duration::from_secs(10);
/// How long one address may take to answer; the next one is tried after it.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// Who knows the addresses of names.
pub trait Resolver: Send + Sync {
    /// The addresses of a name, best first.
    fn resolve(&self, name: &str) -> Pending<io::Result<Vec<IpAddr>>>;
}

/// The resolver of this host, as its administrator configured it.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostResolver;

impl Resolver for HostResolver {
    fn resolve(&self, name: &str) -> Pending<io::Result<Vec<IpAddr>>> {
        // The dot at the end keeps search domains out: the rule spoke of this very name.
        let name = format!("{name}.");
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Connects to a target that the policy allows.
///
/// # Errors
/// Why not; the last reason where several addresses were tried.
pub async fn stream(
    egress: &Egress,
    target: &Target,
    resolver: &dyn Resolver,
) -> Result<(TcpStream, SocketAddr), Refusal> {
    let mut refusal = Refusal::NameNotFound;
    for address in permitted(egress, target, resolver).await? {
        match timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small writes are the guest's choice: it has no way to ask for this itself.
                stream.set_nodelay(true).map_err(|error| reason(&error))?;
                return Ok((stream, address));
            }
            Ok(Err(error)) => refusal = reason(&error),
            Err(_elapsed) => refusal = Refusal::TimedOut,
        }
    }
    Err(refusal)
}

/// A socket that exchanges datagrams with a target that the policy allows, and with nobody else.
///
/// # Errors
/// Why not; the last reason where several addresses were tried.
pub async fn datagrams(
    egress: &Egress,
    target: &Target,
    resolver: &dyn Resolver,
) -> Result<(UdpSocket, SocketAddr), Refusal> {
    let mut refusal = Refusal::NameNotFound;
    for address in permitted(egress, target, resolver).await? {
        match connected(address).await {
            Ok(socket) => return Ok((socket, address)),
            Err(error) => refusal = reason(&error),
        }
    }
    Err(refusal)
}

async fn connected(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((any_of_family(address.ip()), 0)).await?;
    socket.connect(address).await?;
    Ok(socket)
}

/// The addresses that may be dialled for a target, now.
async fn permitted(
    egress: &Egress,
    target: &Target,
    resolver: &dyn Resolver,
) -> Result<Vec<SocketAddr>, Refusal> {
    match target {
        Target::Address(address) => {
            let address = SocketAddr::new(address.ip().to_canonical(), address.port());
            closing_own(egress, &[address.ip()], is_own)
                .decide_address(address)
                .map_err(Refusal::Denied)?;
            Ok(vec![address])
        }
        Target::Name { name, port } => {
            // A name that is not allowed is not asked for: a lookup is a message, too.
            egress.decide_name(name, *port).map_err(Refusal::Denied)?;
            let resolved = match timeout(RESOLVE_MAX, resolver.resolve(name)).await {
                Ok(Ok(resolved)) => resolved,
                Ok(Err(error)) => {
                    tracing::debug!(%error, name, "a name does not resolve");
                    return Err(Refusal::NameNotFound);
                }
                Err(_elapsed) => return Err(Refusal::TimedOut),
            };
            let mut allowed = closing_own(egress, &resolved, is_own)
                .filter(name, *port, &resolved)
                .map_err(Refusal::Denied)?;
            allowed.truncate(ADDRESSES_MAX);
            Ok(allowed)
        }
    }
}

/// The rules, with those of the addresses protected that are this very host's: what listens here listens for others than
/// guests, also on an address that is public.
fn closing_own(egress: &Egress, addresses: &[IpAddr], is_own: impl Fn(IpAddr) -> bool) -> Egress {
    let canonical = addresses.iter().map(IpAddr::to_canonical);
    let own = canonical.filter(|ip| is_own(*ip));
    egress.clone().protecting(own.map(Range::one))
}

/// Whether an address is this host's. Nothing is sent: the kernel only says from where it would be reached, and its own
/// addresses it reaches from themselves.
fn is_own(ip: IpAddr) -> bool {
    let reached_from = || {
        let socket = std::net::UdpSocket::bind((any_of_family(ip), 0))?;
        socket.connect((ip, 9))?;
        socket.local_addr()
    };
    reached_from().is_ok_and(|from: SocketAddr| from.ip() == ip)
}

const fn any_of_family(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

fn reason(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Refusal::ConnectionRefused,
        io::ErrorKind::ConnectionReset => Refusal::ConnectionReset,
        io::ErrorKind::TimedOut => Refusal::TimedOut,
        _ => Refusal::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sublet_network::DenialReason;
    use sublet_network::policy::{JobRules, OperatorRules};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each question with the next list, the first one again after the last.
    struct Changing {
        answers: Vec<Vec<IpAddr>>,
        asked: AtomicUsize,
    }

    impl Changing {
        fn new(answers: &[&[&str]]) -> Self {
            let addresses = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
            Self {
                answers: answers.iter().map(addresses).collect(),
                asked: AtomicUsize::new(0),
            }
        }
    }

    impl Resolver for Changing {
        fn resolve(&self, _name: &str) -> Pending<io::Result<Vec<IpAddr>>> {
            let turn = self.asked.fetch_add(1, Ordering::Relaxed) % self.answers.len();
            let answer = self.answers[turn].clone();
            Box::pin(async move { Ok(answer) })
        }
    }

    fn egress(operator: &[&str], job: &[&str]) -> Egress {
        Egress::new(
            OperatorRules::parse(operator).unwrap(),
            JobRules::parse(job).unwrap(),
        )
    }

    fn name(name: &str, port: u16) -> Target {
        Target::Name {
            name: name.to_owned(),
            port,
        }
    }

    fn denial(refusal: Result<(TcpStream, SocketAddr), Refusal>) -> DenialReason {
        match refusal {
            Err(Refusal::Denied(denial)) => denial.reason,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_allowed_is_never_looked_up() {
        let resolver = Changing::new(&[&["192.0.2.1"]]);
        let egress = egress(&["*:443"], &["api.example.org:443"]);
        for target in [name("api.example.org", 80), name("other.example.org", 443)] {
            let refused = stream(&egress, &target, &resolver).await;
            assert_eq!(denial(refused), DenialReason::NotAllowed);
        }
        assert_eq!(resolver.asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_resolver_that_turns_to_protected_addresses_gains_nothing() {
        // Public and private in turns, mixed, mapped: nothing that is protected is ever dialled.
        let protected: [&[&str]; 6] = [
            &["127.0.0.1"],
            &["169.254.169.254", "10.0.0.1"],
            &["::1", "fe80::1"],
            &["::ffff:127.0.0.1"],
            &["64:ff9b::7f00:1", "2002:7f00:1::"],
            &["0.0.0.0", "::"],
        ];
        let egress = egress(&["*:*"], &["api.example.org:*"]);
        for answer in protected {
            let resolver = Changing::new(&[answer]);
            let refused = stream(&egress, &name("api.example.org", 80), &resolver).await;
            assert_eq!(denial(refused), DenialReason::Protected, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn exactly_what_was_resolved_and_allowed_is_dialled() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let opened = format!("protected:127.0.0.1:{port}");
        let egress = egress(&["*:*", &opened], &["api.example.org:*"]);
        // The protected one that is not opened is left out, the other one is reached.
        let resolver = Changing::new(&[&["127.0.0.2", "127.0.0.1"], &["127.0.0.2"]]);
        let target = name("api.example.org", port);
        let (_stream, peer) = stream(&egress, &target, &resolver).await.unwrap();
        assert_eq!(peer, listener.local_addr().unwrap());
        let refused = stream(&egress, &target, &resolver).await;
        assert_eq!(denial(refused), DenialReason::Protected);
    }

    #[test]
    fn a_public_address_of_this_host_is_protected_until_a_rule_opens_it() {
        let public = "203.0.114.8:80".parse().unwrap();
        let decided = |operator: &[&str], is_own: fn(IpAddr) -> bool| {
            let egress = egress(operator, &["203.0.114.8:80"]);
            let closed = closing_own(&egress, &["::ffff:203.0.114.8".parse().unwrap()], is_own);
            closed
                .decide_address(public)
                .map_err(|denial| denial.reason)
        };
        assert_eq!(decided(&["*:*"], |_| false), Ok(()));
        assert_eq!(decided(&["*:*"], |_| true), Err(DenialReason::Protected));
        assert_eq!(decided(&["protected:203.0.114.8:80"], |_| true), Ok(()));
    }

    #[test]
    fn this_host_knows_its_own_addresses() {
        assert!(is_own("127.0.0.1".parse().unwrap()));
        for foreign in ["192.0.2.1", "198.51.100.7"] {
            assert!(!is_own(foreign.parse().unwrap()), "{foreign}");
        }
        let outward = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        match outward.connect("198.51.100.7:9") {
            Ok(()) => assert!(is_own(outward.local_addr().unwrap().ip())),
            Err(error) => eprintln!("SKIPPED: this host reaches nothing beyond itself: {error}"),
        }
    }

    #[tokio::test]
    async fn datagrams_go_to_the_one_who_was_allowed() {
        let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = peer.local_addr().unwrap();
        let pattern = format!("127.0.0.1:{}", address.port());
        let egress = egress(&[&format!("protected:{pattern}")], &[&pattern]);
        let target = Target::Address(address);
        let (socket, found) = datagrams(&egress, &target, &HostResolver).await.unwrap();
        assert_eq!(found, address);
        socket.send(b"hello").await.unwrap();
        let mut buffer = [0; 16];
        let (length, from) = peer.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"hello");
        assert_eq!(from, socket.local_addr().unwrap());
    }
}
