//! Random worlds. Values are few, so that rules meet them exactly, and such that floating point holds them too.

use sublet_scheduler::UnixMillis;

use crate::generate::{LABELS, WORDS};
use crate::random::Random;
use crate::world::{Labels, NOW, World};

impl World {
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut world = Self::new();
        world.fill_node(random);
        world.fill_subcluster(random);
        world.fill_job(random);
        world.fill_user(random);
        world
    }

    fn fill_node(&mut self, random: &mut Random) {
        let node = &mut self.node;
        node.id = word(random);
        node.host = word(random);
        node.cpu_millis = eighths(random);
        node.memory_bytes = memory(random);
        node.priority = priority(random);
        node.load_millis = eighths(random);
        node.cpu_free_millis = eighths(random);
        node.memory_free_bytes = memory(random);
        node.slots = count(random);
        node.slots_free = count(random);
        node.running = count(random);
        node.healthy = random.once_in(2);
        node.draining = random.once_in(2);
        node.idle_since = since(random);
        node.joined_at = since(random).unwrap_or(UnixMillis(NOW));
        node.entered_at = since(random);
        self.node_labels = labels(random);
    }

    fn fill_subcluster(&mut self, random: &mut Random) {
        let sub = &mut self.subcluster;
        sub.name = word(random);
        sub.priority = priority(random);
        sub.weight = random.below(5);
        sub.nodes_min = random.below(5);
        sub.nodes_max = random.below(5);
        sub.nodes = count(random);
        sub.slots = count(random);
        sub.slots_free = count(random);
        sub.queued = count(random);
        sub.running = count(random);
        sub.expected_wait_ms = millis(random);
        sub.idle_since = since(random);
    }

    fn fill_job(&mut self, random: &mut Random) {
        let job = &mut self.job;
        job.cpu_millis = eighths(random);
        job.memory_bytes = memory(random);
        job.timeout_ms = millis(random);
        job.priority = priority(random);
        job.tasks = count(random);
        job.gang = count(random);
        job.class = word(random);
        job.module = word(random);
        job.network = word(random);
        job.attempt = random.below(5);
        job.submitted_at = since(random).unwrap_or(UnixMillis(NOW));
        self.job_labels = labels(random);
        self.imports = (0..random.below(3)).map(|_| word(random).into()).collect();
    }

    fn fill_user(&mut self, random: &mut Random) {
        let user = &mut self.user;
        user.id = word(random);
        user.weight = random.below(5);
        user.running = count(random);
        user.queued = count(random);
        user.share_millis = eighths(random);
        self.user_labels = labels(random);
    }
}

fn word(random: &mut Random) -> &'static str {
    random.pick(WORDS).expect("there are words")
}

fn labels(random: &mut Random) -> Labels {
    let mut labels = Labels::new();
    for name in LABELS {
        if random.once_in(2) {
            labels.insert((*name).into(), word(random).into());
        }
    }
    labels
}

fn count(random: &mut Random) -> u64 {
    random.below(5).into()
}

fn eighths(random: &mut Random) -> u64 {
    u64::from(random.below(9)) * 500
}

fn priority(random: &mut Random) -> i32 {
    i32::try_from(random.below(9)).expect("it is below nine") - 4
}

fn memory(random: &mut Random) -> u64 {
    let sizes = [
        0,
        1,
        1 << 9,
        1 << 10,
        1 << 20,
        3 << 19,
        1 << 30,
        2 << 30,
        4 << 30,
    ];
    random.pick(&sizes).expect("there are sizes")
}

fn millis(random: &mut Random) -> u64 {
    let spans = [0, 1, 2, 500, 1_000, 1_500, 30_000, 60_000, 120_000];
    random.pick(&spans).expect("there are spans")
}

fn since(random: &mut Random) -> Option<UnixMillis> {
    (!random.once_in(4)).then(|| UnixMillis(NOW - millis(random)))
}
