//! Datagrams within the network and beyond.

use std::time::Duration;

use bytes::Bytes;
use sublet_network::{Protocol, Refusal};

use crate::support::{at, egress, is_ready, mail, mailbox, network, pair, receive, settle, terms};

#[tokio::test(start_paused = true)]
async fn datagrams_reach_the_port_and_answers_the_sender() {
    let (_network, one, two) = pair();
    let (mut near, mut far) = (mailbox(&one, "0.0.0.0:0"), mailbox(&two, "0.0.0.0:53"));
    near.send(at("10.77.0.2:53"), Bytes::from_static(b"question"))
        .unwrap();
    let (from, text) = receive(&mut far).await;
    assert_eq!(
        (from.as_str(), text.as_str()),
        ("10.77.0.1:32768", "question")
    );
    far.send(at(&from), Bytes::new()).unwrap();
    assert_eq!(
        receive(&mut near).await,
        ("10.77.0.2:53".to_owned(), String::new())
    );
    assert_eq!(near.receive(), Ok(None));
    let usage = one.usage();
    assert_eq!((usage.datagrams_sent, usage.datagrams_received), (1, 1));
    assert_eq!((usage.bytes_sent, usage.bytes_received), (8, 0));
}

#[tokio::test(start_paused = true)]
async fn localhost_datagrams_stay_with_the_instance() {
    let (_network, one, two) = pair();
    let (mut a, mut b) = (mailbox(&one, "127.0.0.1:1"), mailbox(&one, "0.0.0.0:2"));
    let mut other = mailbox(&two, "0.0.0.0:2");
    a.send(at("127.0.0.1:2"), Bytes::from_static(b"me"))
        .unwrap();
    assert_eq!(
        receive(&mut b).await,
        ("127.0.0.1:1".to_owned(), "me".to_owned())
    );
    assert_eq!(
        a.send(at("10.77.0.2:2"), Bytes::new()),
        Err(Refusal::Unreachable)
    );
    assert_eq!(other.receive(), Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_connected_mailbox_learns_of_a_closed_port_and_others_do_not() {
    let (_network, one, _two) = pair();
    let mut near = mailbox(&one, "0.0.0.0:0");
    near.send(at("10.77.0.2:53"), Bytes::new()).unwrap();
    assert_eq!(near.receive(), Ok(None));
    near.connect(Some(at("10.77.0.2:53"))).unwrap();
    assert!(!is_ready(|cx| near.poll_receivable(cx)).await);
    near.send(at("10.77.0.2:53"), Bytes::new()).unwrap();
    assert!(is_ready(|cx| near.poll_receivable(cx)).await);
    assert_eq!(near.receive(), Err(Refusal::ConnectionRefused));
    assert_eq!(near.receive(), Ok(None));
    assert!(!is_ready(|cx| near.poll_receivable(cx)).await);
}

#[tokio::test(start_paused = true)]
async fn a_connected_mailbox_talks_to_its_peer_alone() {
    let (_network, one, two) = pair();
    let mut near = mailbox(&one, "0.0.0.0:9");
    let mut friend = mailbox(&two, "0.0.0.0:1");
    let mut stranger = mailbox(&two, "0.0.0.0:2");
    stranger
        .send(at("10.77.0.1:9"), Bytes::from_static(b"before"))
        .unwrap();
    near.connect(Some(at("10.77.0.2:1"))).unwrap();
    assert_eq!(
        (near.local(), near.peer()),
        (at("10.77.0.1:9"), Some(at("10.77.0.2:1")))
    );
    stranger
        .send(at("10.77.0.1:9"), Bytes::from_static(b"after"))
        .unwrap();
    friend
        .send(at("10.77.0.1:9"), Bytes::from_static(b"friend"))
        .unwrap();
    assert_eq!(receive(&mut near).await.1, "friend");
    assert_eq!(near.receive(), Ok(None));
    assert_eq!(
        near.send(at("10.77.0.2:2"), Bytes::new()),
        Err(Refusal::InvalidArgument)
    );
    near.connect(None).unwrap();
    assert_eq!((near.local(), near.peer()), (at("0.0.0.0:9"), None));
    stranger
        .send(at("10.77.0.1:9"), Bytes::from_static(b"again"))
        .unwrap();
    assert_eq!(receive(&mut near).await.1, "again");
    near.send(at("10.77.0.2:2"), Bytes::from_static(b"back"))
        .unwrap();
    assert_eq!(receive(&mut stranger).await.1, "back");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_a_datagram_is_refused() {
    let (_network, one, _two) = pair();
    let mut near = mailbox(&one, "0.0.0.0:0");
    let long = Bytes::from(vec![0; 65_508]);
    assert_eq!(
        near.send(at("10.77.0.2:1"), long.clone()),
        Err(Refusal::TooLarge)
    );
    assert_eq!(near.send(at("10.77.0.2:1"), long.slice(1..)), Ok(()));
    for to in ["10.77.0.2:0", "[fd77::2]:1", "[::ffff:10.77.0.2]:1"] {
        assert_eq!(
            near.send(at(to), Bytes::new()),
            Err(Refusal::InvalidArgument),
            "{to}"
        );
    }
    for to in [
        "224.0.0.1:1",
        "255.255.255.255:1",
        "10.77.255.255:1",
        "8.8.8.8:53",
    ] {
        let refused = near.send(at(to), Bytes::new());
        assert!(matches!(refused, Err(Refusal::Denied(_))), "{to}");
    }
    let tcp = one.bind(Protocol::Tcp, at("0.0.0.0:1")).unwrap();
    assert_eq!(one.mailbox(tcp).err(), Some(Refusal::InvalidArgument));
}

#[tokio::test(start_paused = true)]
async fn datagrams_to_the_world_go_by_rule_and_flows_end_in_silence() {
    let (network, world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(&["*:53"], &["8.8.8.8:53"]);
    let one = network.attach(terms).unwrap();
    let mut near = mailbox(&one, "0.0.0.0:0");
    near.send(at("8.8.8.8:53"), Bytes::from_static(b"a"))
        .unwrap();
    near.send(at("8.8.8.8:53"), Bytes::from_static(b"b"))
        .unwrap();
    assert!(near.send(at("8.8.8.8:54"), Bytes::new()).is_err());
    settle().await;
    assert_eq!(
        *world.dialled.lock().unwrap(),
        [(1, "8.8.8.8:53".to_owned())]
    );
    let mut far = world.far_mail.lock().unwrap().pop_front().unwrap();
    assert_eq!(far.arriving.recv().await.as_deref(), Some(&b"a"[..]));
    assert_eq!(far.arriving.recv().await.as_deref(), Some(&b"b"[..]));
    far.sending.send(Ok(Bytes::from_static(b"answer"))).unwrap();
    assert_eq!(
        receive(&mut near).await,
        ("8.8.8.8:53".to_owned(), "answer".to_owned())
    );
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert!(!far.sending.is_closed());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(far.sending.is_closed());
    near.send(at("8.8.8.8:53"), Bytes::from_static(b"c"))
        .unwrap();
    settle().await;
    assert_eq!(world.dialled.lock().unwrap().len(), 2);
    drop(near);
    settle().await;
    let far = world.far_mail.lock().unwrap().pop_front().unwrap();
    assert!(far.sending.is_closed(), "a flow ends with its mailbox");
}

#[tokio::test(start_paused = true)]
async fn a_closed_port_of_the_world_is_learned_of_too() {
    let (network, world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(&["*:*"], &["*:*"]);
    let one = network.attach(terms).unwrap();
    let mut near = mailbox(&one, "0.0.0.0:0");
    near.connect(Some(at("8.8.8.8:53"))).unwrap();
    near.send(at("8.8.8.8:53"), Bytes::new()).unwrap();
    settle().await;
    let far = world.far_mail.lock().unwrap().pop_front().unwrap();
    let refused = std::io::ErrorKind::ConnectionRefused.into();
    far.sending.send(Err(refused)).unwrap();
    settle().await;
    assert_eq!(near.receive(), Err(Refusal::ConnectionRefused));
    *world.refusal.lock().unwrap() = Some(Refusal::Unreachable);
    near.connect(Some(at("9.9.9.9:53"))).unwrap();
    near.send(at("9.9.9.9:53"), Bytes::new()).unwrap();
    settle().await;
    assert_eq!(near.receive(), Err(Refusal::ConnectionRefused));
}

#[tokio::test(start_paused = true)]
async fn peers_outside_are_few_at_a_time() {
    let (network, _world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(&["*:*"], &["*:*"]);
    let one = network.attach(terms).unwrap();
    let mut near = mailbox(&one, "0.0.0.0:0");
    for port in 1..=16 {
        near.send(
            (std::net::Ipv4Addr::new(8, 8, 8, 8), port).into(),
            Bytes::new(),
        )
        .unwrap();
    }
    settle().await;
    assert_eq!(
        near.send(at("8.8.8.8:17"), Bytes::new()),
        Err(Refusal::Limit)
    );
    drop(near);
    settle().await;
    let mut near = mailbox(&one, "0.0.0.0:0");
    assert_eq!(near.send(at("8.8.8.8:17"), Bytes::new()), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn delivered_datagrams_reach_the_mailbox_and_answers_go_back() {
    let (network, one, _two) = pair();
    let mut near = mailbox(&one, "0.0.0.0:53");
    let (carrier, mut far) = mail();
    let from = at("10.77.8.8:1000");
    network
        .deliver_datagrams(at("10.77.0.1:53"), from, Box::new(carrier))
        .unwrap();
    far.sending
        .send(Ok(Bytes::from_static(b"question")))
        .unwrap();
    assert_eq!(
        receive(&mut near).await,
        (from.to_string(), "question".to_owned())
    );
    near.send(from, Bytes::from_static(b"answer")).unwrap();
    assert_eq!(far.arriving.recv().await.as_deref(), Some(&b"answer"[..]));
    let nobody = network.deliver_datagrams(at("10.77.0.1:54"), from, Box::new(mail().0));
    assert_eq!(nobody, Err(Refusal::ConnectionRefused));
    drop(one);
    settle().await;
    assert!(far.sending.is_closed());
}
