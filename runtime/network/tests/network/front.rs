//! What the front keeps: supplies, addresses, and who is where.

use sublet_network::{Addresses, Allocator, Directory, Plan};

use crate::support::{addresses, network, plan, terms};

fn small() -> Plan {
    Plan {
        v4: "10.9.8.0".parse().unwrap(),
        v4_bits: 29,
        v6: "fd00:9::".parse().unwrap(),
        v6_bits: 64,
    }
}

#[test]
fn l12_addresses_come_in_turn_without_the_first_and_the_last() {
    let mut allocator = Allocator::new(small());
    assert_eq!(allocator.capacity(), 6);
    let all: Vec<Addresses> = (0..6).map(|_| allocator.allocate().unwrap()).collect();
    let v4: Vec<_> = all.iter().map(|pair| pair.v4.to_string()).collect();
    assert_eq!(
        v4,
        [
            "10.9.8.1", "10.9.8.2", "10.9.8.3", "10.9.8.4", "10.9.8.5", "10.9.8.6"
        ]
    );
    assert_eq!(all[5].v6.to_string(), "fd00:9::6");
    assert_eq!(
        allocator.allocate().unwrap_err().to_string(),
        "all 6 addresses of the network are in use; wait until an instance ends, or use fewer at a time"
    );
    assert!(allocator.release(all[4]) && allocator.release(all[1]));
    assert!(!allocator.release(all[1]), "it was given back already");
    let foreign = Addresses {
        v6: all[0].v6,
        ..all[2]
    };
    assert!(!allocator.release(foreign) && !allocator.release(addresses(1)));
    assert_eq!(
        (allocator.allocate(), allocator.allocate()),
        (Ok(all[4]), Ok(all[1]))
    );
    assert_eq!(allocator.in_use(), 6);
}

#[tokio::test(start_paused = true)]
async fn l12_ten_times_as_many_instances_as_addresses_join_one_after_another() {
    let (network, _world) = network();
    let mut plan = plan();
    plan.v4_bits = 27;
    let mut allocator = Allocator::new(plan);
    let mut last = None;
    for number in 0..10 * allocator.capacity() {
        let mut terms = terms(1, &["task", "task.job"]);
        terms.id = number.into();
        terms.addresses = allocator.allocate().unwrap();
        assert_ne!(
            last,
            Some(terms.addresses),
            "an address is not reused at once"
        );
        last = Some(terms.addresses);
        let nic = network.attach(terms).unwrap();
        assert_eq!(network.census().nics, 1);
        let addresses = nic.addresses();
        drop(nic);
        assert!(allocator.release(addresses));
    }
    assert_eq!(network.census(), sublet_network::Census::default());
}

#[test]
fn tiny_networks_have_few_addresses_or_none() {
    for (v4_bits, v6_bits, expected) in [
        (30, 64, 2),
        (31, 64, 0),
        (32, 64, 0),
        (24, 126, 2),
        (16, 64, 65_534),
    ] {
        let plan = Plan {
            v4_bits,
            v6_bits,
            ..small()
        };
        assert_eq!(
            Allocator::new(plan).capacity(),
            expected,
            "/{v4_bits} and /{v6_bits}"
        );
    }
    assert!(
        Allocator::new(Plan {
            v4_bits: 32,
            ..small()
        })
        .allocate()
        .is_err()
    );
}

#[test]
fn the_directory_knows_who_is_where() {
    let mut directory = Directory::default();
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    directory
        .enter(1, 70, addresses(1), &names(&["sort", "reducer-0"]))
        .unwrap();
    directory
        .enter(2, 71, addresses(2), &names(&["SORT.internal"]))
        .unwrap();
    let again = directory.enter(1, 70, addresses(3), &[]).unwrap_err();
    assert_eq!(again.to_string(), "nic 1 is in the directory already");
    let taken = directory
        .enter(3, 70, addresses(2), &names(&["x"]))
        .unwrap_err();
    assert_eq!(taken.to_string(), "address 10.77.0.2 is taken");
    assert!(
        directory
            .enter(3, 70, addresses(3), &names(&["a b"]))
            .is_err()
    );
    let neighbours = |directory: &Directory, name: &str, worker| {
        let ips = directory.neighbours(name, worker);
        ips.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(neighbours(&directory, "Sort", 70), "fd77::2 10.77.0.2");
    assert_eq!(
        neighbours(&directory, "sort.internal", 71),
        "fd77::1 10.77.0.1"
    );
    assert_eq!(
        neighbours(&directory, "sort", 9),
        "fd77::1 10.77.0.1 fd77::2 10.77.0.2"
    );
    assert_eq!(neighbours(&directory, "nobody", 9), "");
    assert_eq!(directory.at(addresses(2).v6.into()), Some((2, 71)));
    assert_eq!(
        directory.at("::ffff:10.77.0.2".parse().unwrap()),
        Some((2, 71))
    );
    assert_eq!(directory.leave(2), Some(addresses(2)));
    assert_eq!(directory.at(addresses(2).v4.into()), None);
    assert_eq!(neighbours(&directory, "sort", 9), "fd77::1 10.77.0.1");
    assert_eq!(
        (directory.leave(1), directory.leave(1)),
        (Some(addresses(1)), None)
    );
    assert_eq!(neighbours(&directory, "sort", 9), "");
}
