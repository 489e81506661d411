//! Two users with the same addresses, names and ports: whatever they do, each gets what its own instances sent.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;

use bytes::Bytes;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sublet_network::{Census, Listener, Mailbox, Network, Nic, Protocol, Sink, Source};

use crate::support::{addresses, network, terms};

const SLOTS: u16 = 4;
const PORTS: u16 = 3;

#[derive(Clone, Copy, Debug)]
enum Act {
    Attach,
    Exit,
    Release,
    Listen {
        port: u16,
        six: bool,
        own_address: bool,
    },
    Connect {
        to: u16,
        port: u16,
        six: bool,
    },
    Accept {
        which: usize,
    },
    Write {
        which: usize,
        length: usize,
    },
    Read {
        which: usize,
        most: usize,
    },
    CloseWriting {
        which: usize,
    },
    CloseReading {
        which: usize,
    },
    Drop {
        which: usize,
    },
    Mail {
        port: u16,
    },
    Send {
        which: usize,
        to: u16,
        port: u16,
    },
    Pair {
        which: usize,
        to: u16,
        port: u16,
    },
    Receive {
        which: usize,
    },
    LookUp,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    user: usize,
    slot: u16,
    act: Act,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (port, to, which) = (0..PORTS, 0..SLOTS, 0..4_usize);
    let act = prop_oneof![
        6 => Just(Act::Attach),
        1 => Just(Act::Exit),
        1 => Just(Act::Release),
        3 => (port.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(port, six, own_address)| Act::Listen { port, six, own_address }),
        5 => (to.clone(), port.clone(), any::<bool>())
            .prop_map(|(to, port, six)| Act::Connect { to, port, six }),
        5 => which.clone().prop_map(|which| Act::Accept { which }),
        8 => (which.clone(), 0..100_000_usize)
            .prop_map(|(which, length)| Act::Write { which, length }),
        8 => (which.clone(), 0..100_000_usize)
            .prop_map(|(which, most)| Act::Read { which, most }),
        1 => which.clone().prop_map(|which| Act::CloseWriting { which }),
        1 => which.clone().prop_map(|which| Act::CloseReading { which }),
        1 => which.clone().prop_map(|which| Act::Drop { which }),
        6 => (0..2_u16).prop_map(|port| Act::Mail { port }),
        10 => (which.clone(), to.clone(), 0..2_u16)
            .prop_map(|(which, to, port)| Act::Send { which, to, port }),
        1 => (which.clone(), to, port)
            .prop_map(|(which, to, port)| Act::Pair { which, to, port }),
        10 => which.prop_map(|which| Act::Receive { which }),
        1 => Just(Act::LookUp),
    ];
    let step = (0..2_usize, 0..SLOTS, act).prop_map(|(user, slot, act)| Step { user, slot, act });
    proptest::collection::vec(step, 50..300)
}

/// One user: every byte that its instances send is its mark.
struct User {
    mark: u8,
    network: Network,
    instances: Vec<Option<Instance>>,
    /// Bytes and datagrams that arrived.
    arrived: (usize, usize),
}

struct Instance {
    nic: Nic,
    listeners: Vec<Listener>,
    connections: Vec<(Source, Sink)>,
    mailboxes: Vec<Mailbox>,
}

fn to_address(slot: u16, port: u16, six: bool) -> SocketAddr {
    let addresses = addresses(slot + 1);
    let ip = if six {
        addresses.v6.into()
    } else {
        addresses.v4.into()
    };
    SocketAddr::new(ip, 1_000 + port)
}

fn nth<T>(all: &mut [T], which: usize) -> Option<&mut T> {
    let length = all.len().max(1);
    all.get_mut(which % length)
}

impl User {
    fn new(mark: u8) -> Self {
        Self {
            mark,
            network: network().0,
            instances: (0..SLOTS).map(|_| None).collect(),
            arrived: (0, 0),
        }
    }

    async fn step(&mut self, slot: u16, act: Act) {
        let index = usize::from(slot);
        match act {
            Act::Attach if self.instances[index].is_none() => {
                let nic = self.network.attach(terms(slot + 1, &["job"])).unwrap();
                self.instances[index] = Some(Instance {
                    nic,
                    listeners: Vec::new(),
                    connections: Vec::new(),
                    mailboxes: Vec::new(),
                });
            }
            Act::Exit => self.instances[index] = None,
            Act::LookUp => self.look_up(index).await,
            act => {
                if let Some(instance) = &mut self.instances[index] {
                    let (bytes, datagrams) = instance.act(slot, act, self.mark).await;
                    self.arrived.0 += bytes;
                    self.arrived.1 += datagrams;
                }
            }
        }
        let living = self
            .instances
            .iter()
            .flatten()
            .filter(|instance| !instance.is_released());
        assert_eq!(self.network.census().nics, living.count());
    }

    async fn look_up(&self, index: usize) {
        let Some(instance) = &self.instances[index] else {
            return;
        };
        let answer = instance
            .nic
            .resolve("job.internal")
            .await
            .unwrap_or_default();
        let living = self
            .instances
            .iter()
            .flatten()
            .filter(|instance| !instance.is_released());
        let expected: BTreeSet<_> = living
            .flat_map(|instance| {
                let addresses = instance.nic.addresses();
                [addresses.v4.into(), addresses.v6.into()]
            })
            .collect();
        assert_eq!(answer.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

impl Instance {
    fn is_released(&self) -> bool {
        self.nic
            .bind(
                Protocol::Tcp,
                SocketAddr::new(self.nic.addresses().v4.into(), 0),
            )
            .is_err()
    }

    /// Does it, and says how many bytes and datagrams arrived. What arrives must carry the mark.
    async fn act(&mut self, slot: u16, act: Act, mark: u8) -> (usize, usize) {
        match act {
            Act::Release => self.nic.release(),
            Act::Listen {
                port,
                six,
                own_address,
            } => {
                let mut local = to_address(slot, port, six);
                if !own_address {
                    local.set_ip(if six {
                        [0_u16; 8].into()
                    } else {
                        [0_u8; 4].into()
                    });
                }
                if let Ok(port) = self.nic.bind(Protocol::Tcp, local) {
                    self.listeners.push(self.nic.listen(port, 2).unwrap());
                }
            }
            Act::Connect { to, port, six } => {
                if let Ok(connection) = self.nic.connect(None, to_address(to, port, six)).await {
                    self.connections.push(connection.into_halves());
                }
            }
            Act::Accept { which } => {
                let accepted = nth(&mut self.listeners, which).and_then(Listener::accept);
                self.connections
                    .extend(accepted.map(sublet_network::Connection::into_halves));
            }
            Act::Write { which, length } => {
                if let Some((_, sink)) = nth(&mut self.connections, which) {
                    let length = length.min(sink.room().unwrap_or(0));
                    let _over = sink.write(Bytes::from(vec![mark; length])).is_err();
                }
            }
            Act::Read { which, most } => return (self.read(which, most, mark), 0),
            Act::CloseWriting { which } => {
                let connection = nth(&mut self.connections, which);
                connection.into_iter().for_each(|(_, sink)| sink.close());
            }
            Act::CloseReading { which } => {
                let connection = nth(&mut self.connections, which);
                connection
                    .into_iter()
                    .for_each(|(source, _)| source.close());
            }
            Act::Drop { which } if which < self.connections.len() => {
                drop(self.connections.swap_remove(which));
            }
            act => return (0, self.datagrams(slot, act, mark)),
        }
        (0, 0)
    }

    fn read(&mut self, which: usize, most: usize, mark: u8) -> usize {
        let Some((source, _)) = nth(&mut self.connections, which) else {
            return 0;
        };
        let bytes = source.read(most).unwrap_or_default();
        assert!(
            bytes.iter().all(|byte| *byte == mark),
            "bytes of another user"
        );
        bytes.len()
    }

    fn datagrams(&mut self, slot: u16, act: Act, mark: u8) -> usize {
        match act {
            Act::Mail { port } => {
                if let Ok(port) = self.nic.bind(Protocol::Udp, to_address(slot, port, false)) {
                    self.mailboxes.extend(self.nic.mailbox(port));
                }
            }
            Act::Send { which, to, port } => {
                if let Some(mailbox) = nth(&mut self.mailboxes, which) {
                    let to = to_address(to, port, false);
                    let _refused = mailbox.send(to, Bytes::from(vec![mark; 10])).is_err();
                }
            }
            Act::Pair { which, to, port } => {
                if let Some(mailbox) = nth(&mut self.mailboxes, which) {
                    let _refused = mailbox.connect(Some(to_address(to, port, false))).is_err();
                }
            }
            Act::Receive { which } => {
                let datagram = nth(&mut self.mailboxes, which)
                    .and_then(|mailbox| mailbox.receive().ok().flatten());
                if let Some(datagram) = datagram {
                    assert!(
                        datagram.payload.iter().all(|byte| *byte == mark),
                        "a datagram of another user"
                    );
                    return 1;
                }
            }
            _ => {}
        }
        0
    }
}

async fn play(steps: &[Step]) -> (usize, usize) {
    let mut users = [User::new(b'A'), User::new(b'B')];
    for step in steps {
        users[step.user].step(step.slot, step.act).await;
    }
    let mut arrived = (0, 0);
    for mut user in users {
        for slot in 0..SLOTS {
            for which in 0..user.instances.len() * 8 {
                user.step(
                    slot,
                    Act::Read {
                        which,
                        most: usize::MAX,
                    },
                )
                .await;
                user.step(slot, Act::Receive { which }).await;
            }
        }
        user.instances.clear();
        crate::support::settle().await;
        assert_eq!(user.network.census(), Census::default());
        arrived.0 += user.arrived.0;
        arrived.1 += user.arrived.1;
    }
    arrived
}

/// Plays so many games. The seed is printed; `NETWORK_SEED` plays the same again.
fn games(cases: u32) {
    let chance = std::hash::RandomState::new().build_hasher().finish();
    let seed = std::env::var("NETWORK_SEED").map_or(chance, |seed| seed.parse().unwrap());
    println!("NETWORK_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let arrived = std::cell::Cell::new((0, 0));
    TestRunner::new_with_rng(config, rng)
        .run(&steps(), |steps| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let (bytes, datagrams) = runtime.block_on(play(&steps));
            let (all_bytes, all_datagrams) = arrived.get();
            arrived.set((all_bytes + bytes, all_datagrams + datagrams));
            Ok(())
        })
        .unwrap();
    let (bytes, datagrams) = arrived.get();
    println!("{bytes} bytes and {datagrams} datagrams arrived");
    assert!(bytes > 0 && datagrams > 0, "nothing was tried");
}

#[test]
fn s7_what_arrives_was_sent_by_the_same_user() {
    games(200);
}

#[test]
#[ignore = "ten thousand games take a while"]
fn s7_what_arrives_was_sent_by_the_same_user_ten_thousand_times() {
    games(10_000);
}
