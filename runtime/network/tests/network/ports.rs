//! Ports of one nic.

use sublet_network::{Port, Protocol, Refusal};

use crate::support::{at, pair};

#[tokio::test(start_paused = true)]
async fn any_address_and_a_concrete_one_conflict_in_both_directions() {
    let (_network, one, _two) = pair();
    let bind = |address: &str| one.bind(Protocol::Tcp, at(address));
    let any = bind("0.0.0.0:80").unwrap();
    for taken in ["0.0.0.0:80", "127.0.0.1:80", "10.77.0.1:80"] {
        assert_eq!(bind(taken).err(), Some(Refusal::AddressInUse), "{taken}");
    }
    let six = bind("[::]:80").unwrap();
    assert_eq!(bind("[fd77::1]:80").err(), Some(Refusal::AddressInUse));
    assert!(one.bind(Protocol::Udp, at("0.0.0.0:80")).is_ok());
    drop((any, six));
    let _concrete = (bind("127.0.0.1:80").unwrap(), bind("10.77.0.1:80").unwrap());
    assert_eq!(bind("0.0.0.0:80").err(), Some(Refusal::AddressInUse));
}

#[tokio::test(start_paused = true)]
async fn only_addresses_of_the_instance_can_be_bound() {
    let (_network, one, _two) = pair();
    for foreign in [
        "10.77.0.2:80",
        "[fd77::2]:80",
        "8.8.8.8:80",
        "224.0.0.1:80",
        "[ff02::1]:80",
        "[::ffff:127.0.0.1]:80",
        "[::ffff:10.77.0.1]:80",
        "255.255.255.255:80",
    ] {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let refused = one.bind(protocol, at(foreign)).err();
            assert_eq!(refused, Some(Refusal::AddressNotBindable), "{foreign}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_port_of_two_instances_is_two_ports() {
    let (_network, one, two) = pair();
    let _ports = [&one, &two].map(|nic| nic.bind(Protocol::Tcp, at("0.0.0.0:80")).unwrap());
}

#[tokio::test(start_paused = true)]
async fn ephemeral_ports_come_in_turn_and_run_out() {
    let (_network, one, _two) = pair();
    let bind = || one.bind(Protocol::Udp, at("0.0.0.0:0"));
    let first = bind().unwrap().local().port();
    let second = bind().unwrap().local().port();
    assert_eq!(
        (first, second),
        (32_768, 32_769),
        "a port is not reused at once"
    );
    let mut ports: Vec<Port> = (0..32_768).map(|_| bind().unwrap()).collect();
    assert_eq!(bind().err(), Some(Refusal::AddressInUse));
    let freed = ports.swap_remove(10_000).local();
    assert_eq!(bind().unwrap().local(), freed);
    ports.clear();
    assert_eq!(one.in_use().1, 0);
}
