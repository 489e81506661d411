//! Random rules, line by line of the grammar, written twice: in our language and in plain CEL. What differs is what has
//! to: units become numbers, and a comparison with a label first asks whether the label is there.

use sublet_scheduler::rules::RuleKind;

use crate::random::Random;

/// One text in both languages.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) ours: String,
    pub(crate) cel: String,
}

/// How CEL holds numbers: it has two kinds, and they do not add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Integers, and no attribute that has a fraction.
    Whole,
    /// Floating point, with values that it holds exactly.
    Floating,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Number,
    Bytes,
    Duration,
}

pub(crate) struct Generator<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) kind: RuleKind,
    pub(crate) numbers: Numbers,
}

const NODE_FRACTIONS: &[&str] = &["node.cpu", "node.load", "node.cpu_free"];
const NODE_NUMBERS: &[&str] = &[
    "node.priority",
    "node.slots",
    "node.slots_free",
    "node.running",
    "sub.priority",
    "sub.weight",
    "sub.nodes_min",
    "sub.nodes_max",
    "sub.nodes",
    "sub.slots",
    "sub.slots_free",
    "sub.queued",
    "sub.running",
];
const NODE_BYTES: &[&str] = &["node.memory", "node.memory_free"];
const NODE_DURATIONS: &[&str] = &[
    "node.idle",
    "node.age",
    "node.dwell",
    "sub.idle",
    "sub.expected_wait",
];
const NODE_TEXTS: &[&str] = &["node.id", "node.host", "sub.name"];
const JOB_FRACTIONS: &[&str] = &["job.cpu", "user.share"];
const JOB_NUMBERS: &[&str] = &[
    "job.priority",
    "job.tasks",
    "job.gang",
    "job.attempt",
    "user.weight",
    "user.running",
    "user.queued",
    "sub.queued",
];
const JOB_BYTES: &[&str] = &["job.memory"];
const JOB_DURATIONS: &[&str] = &["job.timeout", "job.waited", "sub.expected_wait"];
const JOB_TEXTS: &[&str] = &["job.class", "job.module", "job.network", "user.id"];

/// Texts that occur in worlds and rules alike, so that equality happens.
pub(crate) const WORDS: &[&str] = &["a", "b", "large", "it's \\ \"quoted\"", "größe"];
pub(crate) const LABELS: &[&str] = &["size", "rack-row", "x"];

impl Written {
    pub(crate) fn same(text: &str) -> Self {
        Self {
            ours: text.into(),
            cel: text.into(),
        }
    }

    fn around(self, before: &str, after: &str) -> Self {
        Self {
            ours: format!("{before}{}{after}", self.ours),
            cel: format!("{before}{}{after}", self.cel),
        }
    }

    fn then(self, operator: &str, right: &Self) -> Self {
        Self {
            ours: format!("{} {operator} {}", self.ours, right.ours),
            cel: format!("{} {operator} {}", self.cel, right.cel),
        }
    }
}

impl Generator<'_> {
    pub(crate) fn rule(&mut self) -> Written {
        self.any(2)
    }

    /// One without parentheses inside of parentheses.
    pub(crate) fn short_rule(&mut self) -> Written {
        self.any(1)
    }

    fn any(&mut self, depth: u32) -> Written {
        let mut written = self.all(depth);
        while self.random.once_in(3) {
            written = written.then("||", &self.all(depth));
        }
        written
    }

    fn all(&mut self, depth: u32) -> Written {
        let mut written = self.compare(depth);
        while self.random.once_in(3) {
            written = written.then("&&", &self.compare(depth));
        }
        written
    }

    fn compare(&mut self, depth: u32) -> Written {
        match self.random.below(if depth == 0 { 12 } else { 16 }) {
            0..5 => self.amounts(depth),
            5 => self.amount_in_list(depth),
            6 | 7 => self.texts(),
            8 => self.text_in_list(),
            9 => self.has(),
            10 => self.membership(),
            11 => self.truth(),
            12 => self.any(depth - 1).around("!(", ")"),
            13 => {
                let operator = self.of(&["==", "!="]);
                let left = self.any(depth - 1).around("(", ")");
                left.then(operator, &self.any(depth - 1).around("(", ")"))
            }
            14 => self.any(depth - 1).around("!!(", ")"),
            _ => self.any(depth - 1).around("(", ")"),
        }
    }

    fn amounts(&mut self, depth: u32) -> Written {
        let unit = self.unit();
        let operator = self.of(&["==", "!=", "<", "<=", ">", ">="]);
        let left = self.sum(unit, depth.min(2));
        left.then(operator, &self.sum(unit, depth.min(2)))
    }

    fn amount_in_list(&mut self, depth: u32) -> Written {
        let unit = self.unit();
        let left = self.sum(unit, depth.min(1));
        let mut list = self.amount_literal(unit);
        while self.random.once_in(2) {
            let next = self.amount_literal(unit);
            list.ours = format!("{}, {}", list.ours, next.ours);
            list.cel = format!("{}, {}", list.cel, next.cel);
        }
        left.then("in", &list.around("[", "]"))
    }

    fn sum(&mut self, unit: Unit, depth: u32) -> Written {
        let mut written = self.product(unit, depth);
        while self.random.once_in(4) {
            let operator = self.of(&["+", "-"]);
            written = written.then(operator, &self.product(unit, depth));
        }
        written
    }

    fn product(&mut self, unit: Unit, depth: u32) -> Written {
        let written = self.unary(unit, depth);
        if !self.random.once_in(4) {
            return written;
        }
        let factor = self.unary(Unit::Number, 0);
        if self.random.once_in(2) {
            written.then("*", &factor)
        } else {
            factor.then("*", &written)
        }
    }

    fn unary(&mut self, unit: Unit, depth: u32) -> Written {
        if self.random.once_in(8) {
            return self.primary(unit, depth).around("-", "");
        }
        self.primary(unit, depth)
    }

    fn primary(&mut self, unit: Unit, depth: u32) -> Written {
        match self.random.below(if depth == 0 { 4 } else { 5 }) {
            0 => self.amount_literal(unit),
            1..4 => Written::same(self.amount_path(unit)),
            _ => self.sum(unit, depth - 1).around("(", ")"),
        }
    }

    fn unit(&mut self) -> Unit {
        match self.random.below(4) {
            0 => Unit::Bytes,
            1 => Unit::Duration,
            _ => Unit::Number,
        }
    }

    fn amount_path(&mut self, unit: Unit) -> &'static str {
        let of_node = self.kind == RuleKind::Entry;
        let fractions = if of_node {
            NODE_FRACTIONS
        } else {
            JOB_FRACTIONS
        };
        if unit == Unit::Number && self.numbers == Numbers::Floating && self.random.once_in(2) {
            return self.of(fractions);
        }
        self.of(match (unit, of_node) {
            (Unit::Number, true) => NODE_NUMBERS,
            (Unit::Number, false) => JOB_NUMBERS,
            (Unit::Bytes, true) => NODE_BYTES,
            (Unit::Bytes, false) => JOB_BYTES,
            (Unit::Duration, true) => NODE_DURATIONS,
            (Unit::Duration, false) => JOB_DURATIONS,
        })
    }

    fn amount_literal(&mut self, unit: Unit) -> Written {
        let sizes: &[(&str, u64)] = match unit {
            Unit::Number => &[("", 1)],
            Unit::Bytes => &[
                ("B", 1),
                ("KiB", 1 << 10),
                ("MiB", 1 << 20),
                ("GiB", 1 << 30),
            ],
            Unit::Duration => &[("ms", 1), ("s", 1_000), ("m", 60_000)],
        };
        let (name, size) = self.random.pick(sizes).expect("there are units");
        // Eighths are exact in floating point, and of a whole unit they are whole where the unit is large.
        let whole = self.numbers == Numbers::Whole && size % 8 != 0;
        let eighths = self.random.below(5) * 8 + if whole { 0 } else { self.random.below(2) * 4 };
        let eighths = if self.numbers == Numbers::Whole && size == 1 {
            eighths / 8 * 8
        } else {
            eighths
        };
        let ours = decimal(eighths);
        let amount = f64::from(eighths) / 8.0 * size as f64;
        let cel = match self.numbers {
            Numbers::Whole => format!("{amount:.0}"),
            Numbers::Floating => format!("{amount:?}"),
        };
        Written {
            ours: format!("{ours}{name}"),
            cel,
        }
    }

    fn texts(&mut self) -> Written {
        let operator = self.of(&["==", "!="]);
        let (left, right) = (self.text(), self.text());
        let compared = left.text.clone().then(operator, &right.text);
        left.guarded(right.guarded(compared))
    }

    fn text_in_list(&mut self) -> Written {
        let left = self.text();
        let mut list = quoted(self.of(WORDS));
        while self.random.once_in(2) {
            list = format!("{list}, {}", quoted(self.of(WORDS)));
        }
        let list = Written::same(&format!("[{list}]"));
        left.guarded(left.text.clone().then("in", &list))
    }

    fn membership(&mut self) -> Written {
        if self.kind == RuleKind::Entry {
            return self.has();
        }
        let left = self.text();
        let imports = Written::same("job.imports");
        left.guarded(left.text.clone().then("in", &imports))
    }

    fn has(&mut self) -> Written {
        let label = self.label();
        Written {
            ours: format!("has({})", label.text.ours),
            cel: label.present.expect("a label may be absent"),
        }
    }

    fn truth(&mut self) -> Written {
        match (self.kind, self.random.below(4)) {
            (RuleKind::Entry, 0) => Written::same("node.draining"),
            (RuleKind::Entry, 1 | 2) => Written::same("node.healthy"),
            (_, 3) => Written::same(self.of(&["true", "false"])),
            _ => self.texts(),
        }
    }

    fn text(&mut self) -> Text {
        match self.random.below(4) {
            0 => Text::always(&quoted(self.of(WORDS))),
            1 | 2 => self.label(),
            _ => {
                let of_node = self.kind == RuleKind::Entry;
                Text::always(self.of(if of_node { NODE_TEXTS } else { JOB_TEXTS }))
            }
        }
    }

    fn label(&mut self) -> Text {
        let of_node = self.kind == RuleKind::Entry;
        let labels = if of_node {
            "node.labels"
        } else {
            self.of(&["job.labels", "user.labels"])
        };
        let name = self.of(LABELS);
        let bracketed = format!("{labels}[\"{name}\"]");
        let path = if name.contains('-') || self.random.once_in(3) {
            bracketed
        } else {
            format!("{labels}.{name}")
        };
        Text {
            text: Written::same(&path),
            present: Some(format!("(\"{name}\" in {labels})")),
        }
    }

    fn of(&mut self, from: &[&'static str]) -> &'static str {
        self.random.pick(from).expect("there is something to pick")
    }
}

/// A text, and in CEL what tells whether it is there.
struct Text {
    text: Written,
    present: Option<String>,
}

impl Text {
    fn always(text: &str) -> Self {
        Self {
            text: Written::same(text),
            present: None,
        }
    }

    fn guarded(&self, compared: Written) -> Written {
        let cel = match &self.present {
            Some(present) => format!("({present} && {})", compared.cel),
            None => compared.cel,
        };
        Written { cel, ..compared }
    }
}

fn decimal(eighths: u32) -> String {
    let text = format!("{:.3}", f64::from(eighths) / 8.0);
    text.trim_end_matches('0').trim_end_matches('.').into()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
