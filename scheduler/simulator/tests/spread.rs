//! Classes that are spread in a ratio: no prefix of their jobs is a whole job from the ideal (F5).

mod common;

use sublet_simulator::{Kind, Scale, Setting};

#[test]
fn f05_every_prefix_of_a_class_is_less_than_one_job_from_its_ideal() {
    let scale = Scale {
        jobs: 3_000,
        hosts: 2,
        load_percent: 70,
    };
    for kind in Kind::ALL {
        for seed in 1..=2 {
            let run = Setting::on(common::spread(), kind, seed, scale).run();
            let outcome = run.unwrap_or_else(|failure| panic!("{}", failure.shrunk()));
            let spreads = outcome.watched.spreads;
            println!("{kind}, seed {seed}: {spreads} jobs were spread");
            assert!(spreads > 1_000, "{kind}: {spreads}");
        }
    }
}
