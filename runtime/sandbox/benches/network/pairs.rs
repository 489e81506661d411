//! Pairs of guests that work at the same time, and how long it takes them.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use crate::ground::{Ground, Running};

/// What each pair does.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Sends bytes over one connection, so many with each write.
    Bulk { write_bytes: u32, writes: u32 },
    /// Sends one byte there and back.
    Rounds(u32),
    /// Connects, sends one byte each way and closes.
    Connections(u32),
}

impl Work {
    fn server(self, ip: Ipv4Addr) -> Vec<String> {
        let at = SocketAddrV4::new(ip, 0).to_string();
        match self {
            Self::Bulk { .. } => words(&["serve-bulk", &at], &[]),
            Self::Rounds(_) => words(&["serve-rounds", &at], &[]),
            Self::Connections(count) => words(&["serve-connections", &at], &[count]),
        }
    }

    fn client(self, to: &str) -> Vec<String> {
        match self {
            Self::Bulk {
                write_bytes,
                writes,
            } => words(&["bulk", to], &[write_bytes, writes]),
            Self::Rounds(count) => words(&["rounds", to], &[count]),
            Self::Connections(count) => words(&["connections", to], &[count]),
        }
    }
}

/// The arguments of a guest.
pub(crate) fn words(texts: &[&str], numbers: &[u32]) -> Vec<String> {
    let texts = texts.iter().map(|&text| text.to_owned());
    let numbers = numbers.iter().map(u32::to_string);
    ["guest".to_owned()]
        .into_iter()
        .chain(texts)
        .chain(numbers)
        .collect()
}

/// From the word to the first client to the moment that the last of them is done. All instances are there before.
pub(crate) async fn time(ground: &dyn Ground, work: Work, count: u16) -> anyhow::Result<Duration> {
    let (mut servers, mut clients) = (Vec::new(), Vec::new());
    for number in (0..2 * count).step_by(2) {
        let mut server = Running::start(ground, number, work.server(ground.address(number)))?;
        let (_, at) = server.line().await?;
        let mut client = Running::start(ground, number + 1, work.client(&at))?;
        client.says("ready").await?;
        servers.push(server);
        clients.push(client);
    }
    let began = Instant::now();
    for client in &mut clients {
        client.go_on().await?;
    }
    let mut ended = began;
    for client in &mut clients {
        ended = ended.max(client.says("done").await?);
    }
    for guest in clients.into_iter().chain(servers) {
        guest.end().await?;
    }
    Ok(ended - began)
}
