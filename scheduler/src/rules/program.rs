//! A rule as a flat postfix program: operands are pushed, operators take them from the stack, and `&&` and `||` jump
//! over what can no longer matter.

use alloc::vec::Vec;

use super::attribute::Attribute;
use super::syntax::Comparison;
use super::typed::{Amount, Clause, Label, Likeness, Test, TextSource};

/// The instructions of one rule or clause.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) instructions: Vec<Instruction>,
}

/// Truths stand on the stack as 0 and 1.
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    Push(i128),
    Load(Attribute),
    Negate,
    Add,
    Subtract,
    Multiply,
    Compare(Comparison),
    /// The commonest comparison in one step.
    CompareAttribute(Comparison, Attribute, i128),
    OneOf(Vec<i128>),
    Has(Label),
    Text(Likeness, TextSource, TextSource),
    TextOneOf(TextSource, Vec<alloc::string::String>),
    Imported(TextSource),
    Truth(Attribute),
    Same(Likeness),
    Not,
    /// Goes on there when the top is false, and takes it away otherwise.
    UnlessTrue(usize),
    /// Goes on there when the top is true, and takes it away otherwise.
    UnlessFalse(usize),
}

impl Program {
    pub(crate) fn of(clause: &Clause) -> Self {
        let mut program = Self {
            instructions: Vec::new(),
        };
        program.test(&clause.test);
        program
    }

    fn push(&mut self, instruction: Instruction) {
        self.instructions.push(instruction);
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Constant(truth) => self.push(Instruction::Push(i128::from(*truth))),
            Test::Truth(attribute) => self.push(Instruction::Truth(*attribute)),
            Test::Has(label) => self.push(Instruction::Has(label.clone())),
            Test::Compare(comparison, left, right) => self.compare(*comparison, left, right),
            Test::OneOf(amount, amounts) => {
                self.amount(amount);
                self.push(Instruction::OneOf(amounts.clone()));
            }
            Test::Text(likeness, left, right) => {
                self.push(Instruction::Text(*likeness, left.clone(), right.clone()));
            }
            Test::TextOneOf(text, words) => {
                self.push(Instruction::TextOneOf(text.clone(), words.clone()));
            }
            Test::Imported(text) => self.push(Instruction::Imported(text.clone())),
            Test::Same(likeness, left, right) => {
                self.test(&left.test);
                self.test(&right.test);
                self.push(Instruction::Same(*likeness));
            }
            Test::Not(inner) => {
                self.test(&inner.test);
                self.push(Instruction::Not);
            }
            Test::All(terms) => self.chain(terms, Instruction::UnlessTrue),
            Test::Any(terms) => self.chain(terms, Instruction::UnlessFalse),
        }
    }

    /// Terms of which each but the last may jump to the end.
    fn chain(&mut self, terms: &[Clause], jump: fn(usize) -> Instruction) {
        let mut jumps = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            if number > 0 {
                jumps.push(self.instructions.len());
                self.push(jump(0));
            }
            self.test(&term.test);
        }
        let end = self.instructions.len();
        for at in jumps {
            self.instructions[at] = jump(end);
        }
    }

    fn compare(&mut self, comparison: Comparison, left: &Amount, right: &Amount) {
        if let (Amount::Attribute(attribute), Amount::Constant(constant)) = (left, right) {
            let constant = *constant;
            self.push(Instruction::CompareAttribute(
                comparison, *attribute, constant,
            ));
            return;
        }
        self.amount(left);
        self.amount(right);
        self.push(Instruction::Compare(comparison));
    }

    fn amount(&mut self, amount: &Amount) {
        match amount {
            Amount::Constant(constant) => self.push(Instruction::Push(*constant)),
            Amount::Attribute(attribute) => self.push(Instruction::Load(*attribute)),
            Amount::Negated(inner) => {
                self.amount(inner);
                self.push(Instruction::Negate);
            }
            Amount::Plus(left, right) => self.binary(left, right, Instruction::Add),
            Amount::Minus(left, right) => self.binary(left, right, Instruction::Subtract),
            Amount::Times(left, right) => self.binary(left, right, Instruction::Multiply),
        }
    }

    fn binary(&mut self, left: &Amount, right: &Amount, operator: Instruction) {
        self.amount(left);
        self.amount(right);
        self.push(operator);
    }
}
