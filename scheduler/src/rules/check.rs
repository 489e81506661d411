//! From syntax to types: every name is looked up and every operator sees what it is made for, or the rule is refused.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a value that is not wanted is refused, whichever type it has"
)]

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use super::RuleKind;
use super::attribute::{Attribute, Sort};
use super::error::RuleError;
use super::measured::Measured;
use super::names::resolve;
use super::nearest::nearest;
use super::reason::Reason;
use super::syntax::{Comparison, Item, Literal, Node, Path, Shape, Sign};
use super::typed::{Clause, Label, Likeness, Test, TextSource};

/// The rule with its types.
pub(crate) fn check(source: &str, kind: RuleKind, rule: &Node) -> Result<Clause, RuleError> {
    Checker { source, kind }.clause(rule, "a rule")
}

struct Checker<'a> {
    source: &'a str,
    kind: RuleKind,
}

type Checked<T> = Result<T, RuleError>;

/// What a piece of syntax turned out to be.
enum Value {
    Truth(Test),
    Amount(Measured),
    Text(TextSource),
    Imports,
}

impl Checker<'_> {
    /// A piece that has to be true or false because of what stands around it.
    fn clause(&self, node: &Node, needed_by: &'static str) -> Checked<Clause> {
        match self.value(node)? {
            Value::Truth(test) => Ok(Clause {
                span: node.span.clone(),
                test,
            }),
            other => self.wrong_type(node, needed_by, "bool", &other),
        }
    }

    fn value(&self, node: &Node) -> Checked<Value> {
        Ok(match &node.shape {
            Shape::Literal(literal) => self.literal(literal),
            Shape::Path(path) => self.path(path)?,
            Shape::Has(path) => Value::Truth(self.has(path)?),
            Shape::Not(inner) => {
                let inner = Box::new(self.clause(inner, "!")?);
                Value::Truth(Test::Not(inner))
            }
            Shape::Negate(inner) => {
                let negated = self.amount(inner, "-")?.negated();
                Value::Amount(negated)
            }
            Shape::Product(factors) => self.product(factors)?,
            Shape::Sum(terms) => self.sum(terms)?,
            Shape::Compare(comparison, left, right) => {
                Value::Truth(self.compare(*comparison, left, right)?)
            }
            Shape::InList(left, items) => Value::Truth(self.in_list(left, items)?),
            Shape::InPath(left, path, span) => Value::Truth(self.in_path(left, path, span)?),
            Shape::All(terms) => Value::Truth(Test::All(self.clauses(terms, "&&")?)),
            Shape::Any(terms) => Value::Truth(Test::Any(self.clauses(terms, "||")?)),
        })
    }

    fn clauses(&self, terms: &[Node], needed_by: &'static str) -> Checked<Vec<Clause>> {
        terms
            .iter()
            .map(|term| self.clause(term, needed_by))
            .collect()
    }

    fn literal(&self, literal: &Literal) -> Value {
        match literal {
            Literal::Amount(decimal, unit) => Value::Amount(Measured::constant(*decimal, *unit)),
            Literal::Text(text) => Value::Text(TextSource::Literal(text.clone())),
            Literal::Truth(truth) => Value::Truth(Test::Constant(*truth)),
        }
    }

    fn path(&self, path: &Path) -> Checked<Value> {
        let attribute = resolve(self.source, self.kind, path)?;
        Ok(match attribute.sort() {
            Sort::Truth => Value::Truth(Test::Truth(attribute)),
            Sort::Text | Sort::Word(_) => Value::Text(TextSource::Attribute(attribute)),
            Sort::Labels => Value::Text(TextSource::Label(label(attribute, path))),
            Sort::TextSet => Value::Imports,
            Sort::Count | Sort::Priority | Sort::Thousandths | Sort::Bytes | Sort::Duration => {
                Value::Amount(Measured::attribute(attribute))
            }
        })
    }

    fn has(&self, path: &Path) -> Checked<Test> {
        let attribute = resolve(self.source, self.kind, path)?;
        if attribute.sort() == Sort::Labels {
            return Ok(Test::Has(label(attribute, path)));
        }
        let path_text = attribute.to_string();
        self.refuse(path.span().start, Reason::NotLabels { path: path_text })
    }

    fn amount(&self, node: &Node, operator: &'static str) -> Checked<Measured> {
        match self.value(node)? {
            Value::Amount(measured) => Ok(measured),
            other => self.wrong_type(node, operator, "number, bytes or duration", &other),
        }
    }

    fn product(&self, factors: &[Node]) -> Checked<Value> {
        let mut product = self.amount(&factors[0], "*")?;
        for factor in &factors[1..] {
            let by = self.amount(factor, "*")?;
            let Some(unit) = product.unit_times(&by) else {
                return self.wrong_amounts(factor, "*", &product, &by);
            };
            product = match product.times(&by, unit) {
                Some(larger) => larger,
                None => return self.refuse(factors[0].span.start, Reason::CanOverflow),
            };
        }
        Ok(Value::Amount(product))
    }

    fn sum(&self, terms: &[(Sign, Node)]) -> Checked<Value> {
        let (_, first) = &terms[0];
        let mut sum = self.amount(first, terms[1].0.text())?;
        for (sign, term) in &terms[1..] {
            let next = self.amount(term, sign.text())?;
            if sum.unit != next.unit {
                return self.wrong_amounts(term, sign.text(), &sum, &next);
            }
            sum = match sum.plus(*sign, &next) {
                Some(sum) => sum,
                None => return self.refuse(first.span.start, Reason::CanOverflow),
            };
        }
        Ok(Value::Amount(sum))
    }

    fn compare(&self, comparison: Comparison, left: &Node, right: &Node) -> Checked<Test> {
        let (first, second) = (self.value(left)?, self.value(right)?);
        match (likeness(comparison), first, second) {
            (_, Value::Amount(first), Value::Amount(second)) if first.unit == second.unit => {
                match first.aligned(&second) {
                    Some((first, second)) => {
                        Ok(Test::Compare(comparison, first.amount, second.amount))
                    }
                    None => self.refuse(left.span.start, Reason::CanOverflow),
                }
            }
            (Some(likeness), Value::Text(first), Value::Text(second)) => {
                self.expect_word(&first, &second, &right.span)?;
                self.expect_word(&second, &first, &left.span)?;
                Ok(Test::Text(likeness, first, second))
            }
            (Some(likeness), Value::Truth(first), Value::Truth(second)) => {
                let boxed = |node: &Node, test| {
                    let span = node.span.clone();
                    Box::new(Clause { span, test })
                };
                Ok(Test::Same(
                    likeness,
                    boxed(left, first),
                    boxed(right, second),
                ))
            }
            (_, first, second) => self.wrong_types(right, comparison.text(), &first, &second),
        }
    }

    fn in_list(&self, left: &Node, items: &[Item]) -> Checked<Test> {
        match self.value(left)? {
            Value::Text(text) => {
                let words = items.iter().map(|item| self.word(&text, item));
                Ok(Test::TextOneOf(
                    text.clone(),
                    words.collect::<Checked<_>>()?,
                ))
            }
            Value::Amount(measured) => self.amount_in_list(left, &measured, items),
            other @ (Value::Truth(_) | Value::Imports) => {
                self.wrong_type(left, "in", "text or an amount", &other)
            }
        }
    }

    fn word(&self, text: &TextSource, item: &Item) -> Checked<String> {
        match &item.literal {
            Literal::Text(word) => {
                let literal = TextSource::Literal(word.clone());
                self.expect_word(text, &literal, &item.span)?;
                Ok(word.clone())
            }
            other @ (Literal::Amount(..) | Literal::Truth(_)) => {
                let (left, right) = (Value::Text(text.clone()), self.literal(other));
                self.wrong_types_at(item.span.start, "in", &left, &right)
            }
        }
    }

    /// All of them and the amount come to the finest scale among them.
    fn amount_in_list(&self, left: &Node, measured: &Measured, items: &[Item]) -> Checked<Test> {
        let mut amounts = Vec::new();
        let mut measured = measured.clone();
        for item in items {
            let literal = match self.literal(&item.literal) {
                Value::Amount(literal) if literal.unit == measured.unit => literal,
                other => {
                    let left = Value::Amount(measured);
                    return self.wrong_types_at(item.span.start, "in", &left, &other);
                }
            };
            amounts.push(literal.clone());
            measured = match measured.aligned(&literal) {
                Some((finer, _)) => finer,
                None => return self.refuse(left.span.start, Reason::CanOverflow),
            };
        }
        let aligned = |literal: &Measured| Some(literal.aligned(&measured)?.0.lowest);
        match amounts.iter().map(aligned).collect() {
            Some(amounts) => Ok(Test::OneOf(measured.amount, amounts)),
            None => self.refuse(left.span.start, Reason::CanOverflow),
        }
    }

    fn in_path(&self, left: &Node, path: &Path, span: &Range<usize>) -> Checked<Test> {
        match (self.value(left)?, self.path(path)?) {
            (Value::Text(text), Value::Imports) => Ok(Test::Imported(text)),
            (left, right) => self.wrong_types_at(span.start, "in", &left, &right),
        }
    }

    /// Where one side has only certain words, a literal on the other side is one of them.
    fn expect_word(&self, of: &TextSource, word: &TextSource, at: &Range<usize>) -> Checked<()> {
        let (TextSource::Attribute(attribute), TextSource::Literal(found)) = (of, word) else {
            return Ok(());
        };
        let Sort::Word(words) = attribute.sort() else {
            return Ok(());
        };
        if words.contains(&found.as_str()) {
            return Ok(());
        }
        let reason = Reason::UnknownValue {
            path: attribute.to_string(),
            found: found.clone(),
            nearest: nearest(found, words.iter().copied()).unwrap_or_default(),
            words: words.to_vec(),
        };
        self.refuse(at.start, reason)
    }

    fn wrong_type<T>(
        &self,
        node: &Node,
        operator: &'static str,
        wanted: &'static str,
        found: &Value,
    ) -> Checked<T> {
        let found = found.type_name();
        let reason = Reason::WrongType {
            operator,
            wanted,
            found,
        };
        self.refuse(node.span.start, reason)
    }

    fn wrong_amounts<T>(
        &self,
        node: &Node,
        operator: &'static str,
        left: &Measured,
        right: &Measured,
    ) -> Checked<T> {
        let (left, right) = (Value::Amount(left.clone()), Value::Amount(right.clone()));
        self.wrong_types(node, operator, &left, &right)
    }

    fn wrong_types<T>(
        &self,
        node: &Node,
        operator: &'static str,
        left: &Value,
        right: &Value,
    ) -> Checked<T> {
        self.wrong_types_at(node.span.start, operator, left, right)
    }

    fn wrong_types_at<T>(
        &self,
        position: usize,
        operator: &'static str,
        left: &Value,
        right: &Value,
    ) -> Checked<T> {
        let reason = Reason::WrongTypes {
            operator,
            left: left.type_name(),
            right: right.type_name(),
        };
        self.refuse(position, reason)
    }

    fn refuse<T>(&self, position: usize, reason: Reason) -> Checked<T> {
        Err(RuleError::at(self.source, position, reason))
    }
}

impl Value {
    fn type_name(&self) -> String {
        match self {
            Self::Truth(_) => "bool",
            Self::Amount(measured) => measured.unit.type_name(),
            Self::Text(TextSource::Label(_)) => "label",
            Self::Text(TextSource::Literal(_) | TextSource::Attribute(_)) => "text",
            Self::Imports => "set of text",
        }
        .into()
    }
}

fn label(attribute: Attribute, path: &Path) -> Label {
    Label {
        object: attribute.object(),
        name: path
            .label
            .as_ref()
            .map_or_else(String::new, |word| word.text.clone()),
    }
}

/// Equality or its contrary, which more types have than an order.
const fn likeness(comparison: Comparison) -> Option<Likeness> {
    match comparison {
        Comparison::Equal => Some(Likeness::Equal),
        Comparison::Unequal => Some(Likeness::Unequal),
        Comparison::Less
        | Comparison::LessOrEqual
        | Comparison::Greater
        | Comparison::GreaterOrEqual => None,
    }
}
