use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::Ratio;
use crate::chance::Chance;

/// Gives `jobs` jobs and checks after each that nobody is further than `1 − 1/(2n−2)` of a job from what is due.
fn check_every_prefix(ratio: &mut Ratio, weights: &[u32], jobs: u64) -> Result<(), String> {
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    let taking_part = weights.iter().filter(|&&weight| weight > 0).count();
    let parts = 2 * i128::try_from(taking_part).unwrap() - 2;
    let mut counts = vec![0_i128; weights.len()];
    for job in 1..=jobs {
        counts[ratio.give()] += 1;
        for (place, (&weight, &count)) in weights.iter().zip(&counts).enumerate() {
            let off = (i128::from(job) * i128::from(weight) - sum * count).abs();
            if off * parts > sum * (parts - 1).max(0) {
                return Err(format!(
                    "after {job} jobs target {place} of {weights:?} has {count}"
                ));
            }
        }
    }
    Ok(())
}

fn random_weights(chance: &mut Chance) -> Vec<u32> {
    let most = [3, 10, 100, 5_000][chance.place(4)];
    let count = 1 + chance.place(12);
    let mut weights: Vec<u32> = (0..count)
        .map(|_| u32::try_from(chance.place(most)).unwrap())
        .collect();
    weights[0] += 1;
    weights
}

#[test]
fn i13_seven_to_two_to_one_is_less_than_one_job_off_at_every_moment() {
    let mut ratio = Ratio::new([7, 2, 1]);
    check_every_prefix(&mut ratio, &[7, 2, 1], 10_000).unwrap();
}

#[test]
fn i13_the_first_round_of_seven_to_two_to_one_is_this_one() {
    let mut ratio = Ratio::new([7, 2, 1]);
    let first: Vec<_> = (0..10).map(|_| ratio.give()).collect();
    assert_eq!(first, [0, 0, 1, 0, 0, 2, 0, 0, 1, 0]);
    assert_eq!(ratio, Ratio::new([7, 2, 1]), "a round ends where it began");
}

#[test]
fn f05_every_prefix_of_any_weights_keeps_the_bound() {
    for seed in 0..4_000 {
        let weights = random_weights(&mut Chance::of(seed));
        let mut ratio = Ratio::new(weights.iter().copied());
        if let Err(broken) = check_every_prefix(&mut ratio, &weights, 600) {
            panic!("seed {seed}: {broken}");
        }
    }
}

#[test]
fn f05_weights_as_large_as_they_may_be_keep_the_bound() {
    let mut weights = vec![u32::MAX; 63];
    weights.push(1);
    let mut ratio = Ratio::new(weights.iter().copied());
    check_every_prefix(&mut ratio, &weights, 2_000).unwrap();
}

#[test]
fn a_single_target_gets_every_job() {
    let mut ratio = Ratio::new([0, 3, 0]);
    assert!((0..10).all(|_| ratio.give() == 1));
}

#[test]
fn equal_targets_take_turns_in_the_order_of_declaration() {
    let mut ratio = Ratio::new([5, 5, 5]);
    let first: Vec<_> = (0..6).map(|_| ratio.give()).collect();
    assert_eq!(first, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn smooth_weighted_round_robin_passes_one_job() {
    // Why not the well-known simpler way of taking turns: with these weights it is off by more than a job.
    let weights = [1_i64, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 9];
    let sum: i64 = weights.iter().sum();
    let (mut current, mut counts) = ([0_i64; 12], [0_i64; 12]);
    let mut worst = 0;
    for job in 1..=sum {
        for (place, weight) in weights.iter().enumerate() {
            current[place] += weight;
        }
        let best = (0..12).rev().max_by_key(|&place| current[place]).unwrap();
        current[best] -= sum;
        counts[best] += 1;
        for (place, weight) in weights.iter().enumerate() {
            worst = worst.max((job * weight - sum * counts[place]).abs());
        }
    }
    assert!(worst > sum, "{worst} of {sum}");
}
