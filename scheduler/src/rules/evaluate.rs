//! One evaluation: total, without allocation, without a clock. The program was checked, so there is no error case.

use super::bounds::DEPTH_MAX;
use super::facts::Source;
use super::program::{Instruction, Program};
use super::typed::{Likeness, TextSource};

/// Each level of nesting holds at most one operand while the next is computed, and alignment of scales one more.
const STACK_MAX: usize = DEPTH_MAX + 2;

impl Program {
    /// Whether it holds for these facts.
    pub(crate) fn holds(&self, facts: &impl Source) -> bool {
        let mut machine = Machine {
            facts,
            stack: [0; STACK_MAX],
            height: 0,
            absent: false,
        };
        let mut at = 0;
        while let Some(instruction) = self.instructions.get(at) {
            at = machine.step(instruction, at + 1);
        }
        machine.pop() != 0
    }
}

struct Machine<'a, S> {
    facts: &'a S,
    stack: [i128; STACK_MAX],
    height: usize,
    /// Whether an operand of the comparison that is being computed was missing.
    absent: bool,
}

impl<S: Source> Machine<'_, S> {
    /// Does one instruction and answers where to go on.
    #[inline]
    fn step(&mut self, instruction: &Instruction, next: usize) -> usize {
        match instruction {
            Instruction::Push(constant) => self.push(*constant),
            Instruction::Load(attribute) => {
                let amount = self.facts.amount(*attribute);
                self.absent |= amount.is_none();
                self.push(amount.unwrap_or(0));
            }
            Instruction::Negate => {
                let operand = self.pop();
                self.push(operand.wrapping_neg());
            }
            Instruction::Add => self.combine(i128::wrapping_add),
            Instruction::Subtract => self.combine(i128::wrapping_sub),
            Instruction::Multiply => self.combine(i128::wrapping_mul),
            Instruction::Compare(comparison) => {
                let (right, left) = (self.pop(), self.pop());
                let truth = comparison.accepts(left.cmp(&right));
                self.push_unless_absent(truth);
            }
            Instruction::CompareAttribute(comparison, attribute, constant) => {
                let amount = self.facts.amount(*attribute);
                let accepts = |amount: i128| comparison.accepts(amount.cmp(constant));
                self.push_truth(amount.is_some_and(accepts));
            }
            Instruction::OneOf(amounts) => {
                let amount = self.pop();
                self.push_unless_absent(amounts.contains(&amount));
            }
            Instruction::Has(label) => {
                let value = self.facts.label(label.object, &label.name);
                self.push_truth(value.is_some());
            }
            Instruction::Text(likeness, left, right) => {
                let truth = match (self.text(left), self.text(right)) {
                    (Some(left), Some(right)) => likeness.accepts(left == right),
                    (None, _) | (_, None) => false,
                };
                self.push_truth(truth);
            }
            Instruction::TextOneOf(text, words) => {
                let text = self.text(text);
                self.push_truth(text.is_some_and(|text| words.iter().any(|word| word == text)));
            }
            Instruction::Imported(text) => {
                let text = self.text(text);
                self.push_truth(text.is_some_and(|text| self.facts.imports(text)));
            }
            Instruction::Truth(attribute) => {
                let truth = self.facts.amount(*attribute);
                self.push(truth.unwrap_or(0));
            }
            Instruction::Same(likeness) => {
                let same = self.pop() == self.pop();
                self.push_truth(likeness.accepts(same));
            }
            Instruction::Not => {
                let truth = self.pop() == 0;
                self.push_truth(truth);
            }
            Instruction::UnlessTrue(target) if self.top() == 0 => return *target,
            Instruction::UnlessFalse(target) if self.top() != 0 => return *target,
            Instruction::UnlessTrue(_) | Instruction::UnlessFalse(_) => {
                self.pop();
            }
        }
        next
    }

    fn push(&mut self, value: i128) {
        if let Some(place) = self.stack.get_mut(self.height) {
            *place = value;
            self.height += 1;
        }
    }

    fn push_truth(&mut self, truth: bool) {
        self.push(i128::from(truth));
    }

    /// Ends a comparison of amounts.
    fn push_unless_absent(&mut self, truth: bool) {
        let absent = core::mem::take(&mut self.absent);
        self.push_truth(truth && !absent);
    }

    fn pop(&mut self) -> i128 {
        self.height = self.height.saturating_sub(1);
        self.stack[self.height]
    }

    fn top(&self) -> i128 {
        self.stack[self.height.saturating_sub(1)]
    }

    /// The check of the rule has shown that it does not overflow; wrapping keeps this free of panics all the same.
    fn combine(&mut self, operator: fn(i128, i128) -> i128) {
        let (right, left) = (self.pop(), self.pop());
        self.push(operator(left, right));
    }

    fn text<'t>(&'t self, source: &'t TextSource) -> Option<&'t str> {
        source.read(self.facts)
    }
}

impl TextSource {
    pub(crate) fn read<'t>(&'t self, facts: &'t impl Source) -> Option<&'t str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Attribute(attribute) => facts.text(*attribute),
            Self::Label(label) => facts.label(label.object, &label.name),
        }
    }
}

impl Likeness {
    const fn accepts(self, same: bool) -> bool {
        match self {
            Self::Equal => same,
            Self::Unequal => !same,
        }
    }
}
