//! One subject, many inputs: those that failed once, then new ones from a seed. Knows nothing of what is asked.

use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest as _, Sha256};
use sublet_simulator::random::Random;

use crate::harness::repository;

/// What the short run tries: the same on every machine, so that a change that fails it is the change's fault.
const SEED: u64 = 48;

/// What is tried, and how often where nobody asks for more.
pub(super) struct Campaign {
    /// As its folder of kept inputs is called.
    pub(super) name: &'static str,
    /// Of the short run.
    pub(super) cases: u64,
}

impl Campaign {
    /// Tries each input that `make` makes; `check` panics when something is wrong.
    #[track_caller]
    pub(super) fn play(&self, make: impl Fn(&mut Random) -> Vec<u8>, mut check: impl FnMut(&[u8])) {
        let mut holds = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| check(input))).is_ok();
        for path in self.kept() {
            let input = fs::read(&path).unwrap();
            assert!(holds(&input), "{} fails again", path.display());
        }
        let extent = Extent::asked_for(self.cases);
        for case in (0..).take_while(|&case| !extent.is_over(case)) {
            let input = make(&mut Random::of(extent.seed, case));
            if !holds(&input) {
                let path = self.keep(&input);
                let (name, seed) = (self.name, extent.seed);
                panic!(
                    "{name}: case {case} of seed {seed} fails; its input is {}",
                    path.display()
                );
            }
        }
    }

    fn folder(&self) -> PathBuf {
        repository().join("tests/fuzz/kept").join(self.name)
    }

    fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    fn keep(&self, input: &[u8]) -> PathBuf {
        let folder = self.folder();
        fs::create_dir_all(&folder).unwrap();
        let digest = Sha256::digest(input);
        let name: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = folder.join(name);
        fs::write(&path, input).unwrap();
        path.strip_prefix(repository())
            .map_or_else(|_| path.clone(), Path::to_path_buf)
    }
}

/// How far a run goes.
struct Extent {
    seed: u64,
    cases: u64,
    until: Option<Instant>,
}

impl Extent {
    fn asked_for(cases: u64) -> Self {
        let number = |name: &str| -> Option<u64> {
            let text = env::var(name).ok()?;
            Some(
                text.parse()
                    .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
            )
        };
        let seconds = number("SUBLET_FUZZ_SECONDS");
        let now = || {
            let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
            u64::try_from(since.as_nanos() & u128::from(u32::MAX)).unwrap()
        };
        let usual = || seconds.map_or(SEED, |_| now());
        let extent = Self {
            seed: number("SUBLET_FUZZ_SEED").unwrap_or_else(usual),
            cases,
            until: seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        };
        println!("seed {}", extent.seed);
        extent
    }

    fn is_over(&self, case: u64) -> bool {
        self.until
            .map_or(case >= self.cases, |until| Instant::now() >= until)
    }
}

#[test]
fn an_input_that_fails_is_kept_and_tried_first() {
    let campaign = Campaign {
        name: "of-the-campaign-itself",
        cases: 100,
    };
    let below = |limit: u8| move |input: &[u8]| assert!(input[0] < limit, "too large");
    let make = |random: &mut Random| vec![u8::try_from(random.below(256)).unwrap()];
    let play = |limit| catch_unwind(|| campaign.play(make, below(limit)));
    assert!(campaign.kept().is_empty());
    let said = play(128).unwrap_err();
    let said = said.downcast_ref::<String>().unwrap();
    assert!(
        said.contains(" of seed ") && said.contains("tests/fuzz/kept/"),
        "{said}"
    );
    let kept = campaign.kept();
    let [path] = kept.as_slice() else {
        panic!("one is kept: {kept:?}");
    };
    let again = play(fs::read(path).unwrap()[0]).unwrap_err();
    let again = again.downcast_ref::<String>().unwrap();
    fs::remove_dir_all(campaign.folder()).unwrap();
    assert!(again.ends_with("fails again"), "{again}");
}
