//! A network with a world around it that does what the test says.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use sublet_network::policy::{Egress, JobRules, OperatorRules};
use sublet_network::{
    Addresses, Connection, DatagramCarrier, Dialled, DialledDatagrams, Ended, Limits, Listener,
    Mailbox, Network, Nic, Outside, Pending, Plan, Protocol, Refusal, Sink, Source, Target, Terms,
};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// The window of all tests, small enough to be filled.
pub(crate) const WINDOW_BYTES: usize = 64 * 1024;

/// What is beyond the process, as a test arranges it. Who dials finds the other end in `far_ends`.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) neighbours: Mutex<HashMap<String, Vec<IpAddr>>>,
    pub(crate) asked: Mutex<Vec<String>>,
    pub(crate) dialled: Mutex<Vec<(u64, String)>>,
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) far_ends: Mutex<VecDeque<DuplexStream>>,
    pub(crate) far_mail: Mutex<VecDeque<FarMail>>,
    pub(crate) silent: Mutex<bool>,
}

/// The other end of datagrams that left.
pub(crate) struct FarMail {
    pub(crate) arriving: mpsc::UnboundedReceiver<Bytes>,
    pub(crate) sending: mpsc::UnboundedSender<io::Result<Bytes>>,
}

pub(crate) struct Mail {
    arriving: Mutex<mpsc::UnboundedReceiver<io::Result<Bytes>>>,
    sending: mpsc::UnboundedSender<Bytes>,
}

/// Both ends of datagrams.
pub(crate) fn mail() -> (Mail, FarMail) {
    let (to_far, arriving_far) = mpsc::unbounded_channel();
    let (to_near, arriving_near) = mpsc::unbounded_channel();
    let near = Mail {
        arriving: Mutex::new(arriving_near),
        sending: to_far,
    };
    let far = FarMail {
        arriving: arriving_far,
        sending: to_near,
    };
    (near, far)
}

impl DatagramCarrier for Mail {
    fn poll_send(&self, _cx: &mut Context<'_>, payload: &[u8]) -> Poll<io::Result<()>> {
        let sent = self.sending.send(Bytes::copy_from_slice(payload));
        Poll::Ready(sent.map_err(|_gone| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.arriving.lock().unwrap().poll_recv(cx).map(|next| {
            let payload = next.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))?;
            buffer[..payload.len()].copy_from_slice(&payload);
            Ok(payload.len())
        })
    }
}

impl Outside for World {
    fn neighbours(&self, name: &str) -> Pending<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        if *self.silent.lock().unwrap() {
            return Box::pin(std::future::pending());
        }
        let answer = self.neighbours.lock().unwrap().get(name).cloned();
        Box::pin(std::future::ready(answer.unwrap_or_default()))
    }

    fn dial(&self, nic: u64, target: Target) -> Pending<Result<Dialled, Refusal>> {
        self.dialled.lock().unwrap().push((nic, target.to_string()));
        if *self.silent.lock().unwrap() {
            return Box::pin(std::future::pending());
        }
        let answer = match self.refusal.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => {
                let (near, far) = tokio::io::duplex(8 * 1024);
                self.far_ends.lock().unwrap().push_back(far);
                Ok(Dialled {
                    carrier: Box::new(near),
                    peer: at("8.8.4.4:443"),
                })
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn dial_datagrams(
        &self,
        nic: u64,
        target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        self.dialled.lock().unwrap().push((nic, target.to_string()));
        let answer = match self.refusal.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => {
                let (near, far) = mail();
                self.far_mail.lock().unwrap().push_back(far);
                Ok(DialledDatagrams {
                    carrier: Box::new(near),
                    peer: at("8.8.4.4:53"),
                })
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

impl World {
    pub(crate) fn far_end(&self) -> DuplexStream {
        self.far_ends.lock().unwrap().pop_front().unwrap()
    }
}

pub(crate) fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn plan() -> Plan {
    Plan {
        v4: Ipv4Addr::new(10, 77, 0, 0),
        v4_bits: 16,
        v6: "fd77::".parse().unwrap(),
        v6_bits: 64,
    }
}

/// The n-th addresses of [`plan`].
pub(crate) fn addresses(number: u16) -> Addresses {
    let [high, low] = number.to_be_bytes();
    Addresses {
        v4: Ipv4Addr::new(10, 77, high, low),
        v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, number),
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        sockets: 100,
        connections: 256,
        window_bytes: u32::try_from(WINDOW_BYTES).unwrap(),
        bytes_per_s: None,
        datagrams_per_s: None,
        connects_per_s: None,
        lookups_per_s: None,
    }
}

pub(crate) fn terms(number: u16, names: &[&str]) -> Terms {
    Terms {
        id: number.into(),
        addresses: addresses(number),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        egress: Egress::default(),
        limits: limits(),
    }
}

pub(crate) fn egress(operator: &[&str], job: &[&str]) -> Egress {
    Egress::new(
        OperatorRules::parse(operator).unwrap(),
        JobRules::parse(job).unwrap(),
    )
}

pub(crate) fn network() -> (Network, Arc<World>) {
    let world = Arc::new(World::default());
    (Network::new(plan(), Arc::<World>::clone(&world)), world)
}

/// Two nics, 1 and 2, without egress.
pub(crate) fn pair() -> (Network, Nic, Nic) {
    let (network, _world) = network();
    let one = network.attach(terms(1, &["one"])).unwrap();
    let two = network.attach(terms(2, &["two"])).unwrap();
    (network, one, two)
}

pub(crate) fn listen(nic: &Nic, local: &str, backlog: usize) -> Listener {
    let port = nic.bind(Protocol::Tcp, at(local)).unwrap();
    nic.listen(port, backlog).unwrap()
}

pub(crate) fn mailbox(nic: &Nic, local: &str) -> Mailbox {
    nic.mailbox(nic.bind(Protocol::Udp, at(local)).unwrap())
        .unwrap()
}

pub(crate) async fn accept(listener: &mut Listener) -> Connection {
    poll_fn(|cx| listener.poll_acceptable(cx)).await;
    listener.accept().unwrap()
}

/// A connection from one nic to the other: its two ends.
pub(crate) async fn connected(from: &Nic, to: &Nic) -> (Connection, Connection) {
    let mut listener = listen(to, "0.0.0.0:0", 8);
    let address = SocketAddr::new(to.addresses().v4.into(), listener.local().port());
    let near = from.connect(None, address).await.unwrap();
    (near, accept(&mut listener).await)
}

pub(crate) async fn write_all(sink: &mut Sink, mut bytes: Bytes) -> Result<(), Ended> {
    while !bytes.is_empty() {
        poll_fn(|cx| sink.poll_writable(cx)).await;
        let room = sink.room()?;
        assert!(room > 0, "ready without room");
        sink.write(bytes.split_to(room.min(bytes.len())))?;
    }
    Ok(())
}

/// Writes until nothing more fits, and says how much did.
pub(crate) fn fill(sink: &mut Sink, piece: usize) -> usize {
    let mut written = 0;
    while let Ok(room @ 1..) = sink.room() {
        let piece = piece.min(room);
        sink.write(Bytes::from(vec![7; piece])).unwrap();
        written += piece;
    }
    written
}

/// What comes until the end, and how it ended.
pub(crate) async fn read_to_end(source: &mut Source) -> (Vec<u8>, Ended) {
    let mut all = Vec::new();
    loop {
        poll_fn(|cx| source.poll_readable(cx)).await;
        match source.read(10_000) {
            Ok(bytes) => {
                assert!(!bytes.is_empty(), "ready without bytes");
                all.extend_from_slice(&bytes);
            }
            Err(ended) => return (all, ended),
        }
    }
}

pub(crate) async fn receive(mailbox: &mut Mailbox) -> (String, String) {
    poll_fn(|cx| mailbox.poll_receivable(cx)).await;
    let datagram = mailbox.receive().unwrap().unwrap();
    let text = String::from_utf8(datagram.payload.to_vec()).unwrap();
    (datagram.from.to_string(), text)
}

/// Lets all tasks run as far as they can.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Whether something is ready now.
pub(crate) async fn is_ready(mut poll: impl FnMut(&mut Context<'_>) -> Poll<()>) -> bool {
    poll_fn(|cx| Poll::Ready(poll(cx).is_ready())).await
}
