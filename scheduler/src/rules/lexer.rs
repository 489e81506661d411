//! A rule cut into tokens, one at a time: what it costs is bounded by the length of the text.

use alloc::string::String;
use core::ops::Range;

use super::bounds::{AMOUNT_MAX, DECIMALS_MAX};
use super::error::RuleError;
use super::nearest::nearest;
use super::reason::Reason;
use super::syntax::{Comparison, Decimal, Literal, Unit};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word that is neither `true`, `false` nor `in`.
    Name,
    Literal(Literal),
    Compare(Comparison),
    In,
    Or,
    And,
    Plus,
    Minus,
    Times,
    Not,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Spanned {
    pub(crate) token: Token,
    pub(crate) span: Range<usize>,
}

#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

/// What one of a unit is in the base of its kind: bytes or milliseconds.
const UNITS: &[(&str, Unit, i128)] = &[
    ("KiB", Unit::Bytes, 1 << 10),
    ("MiB", Unit::Bytes, 1 << 20),
    ("GiB", Unit::Bytes, 1 << 30),
    ("TiB", Unit::Bytes, 1 << 40),
    ("B", Unit::Bytes, 1),
    ("ms", Unit::Duration, 1),
    ("s", Unit::Duration, 1_000),
    ("m", Unit::Duration, 60_000),
    ("h", Unit::Duration, 3_600_000),
    ("d", Unit::Duration, 86_400_000),
];

const TWO_CHARACTERS: &[(&str, Token)] = &[
    ("||", Token::Or),
    ("&&", Token::And),
    ("==", Token::Compare(Comparison::Equal)),
    ("!=", Token::Compare(Comparison::Unequal)),
    ("<=", Token::Compare(Comparison::LessOrEqual)),
    (">=", Token::Compare(Comparison::GreaterOrEqual)),
];

const ONE_CHARACTER: &[(&str, Token)] = &[
    ("<", Token::Compare(Comparison::Less)),
    (">", Token::Compare(Comparison::Greater)),
    ("+", Token::Plus),
    ("-", Token::Minus),
    ("*", Token::Times),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    ("[", Token::OpenBracket),
    ("]", Token::CloseBracket),
    (",", Token::Comma),
    (".", Token::Dot),
];

impl<'a> Lexer<'a> {
    pub(crate) const fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    pub(crate) fn next(&mut self) -> Result<Spanned, RuleError> {
        self.skip_blanks_and_comments();
        let start = self.at;
        let token = match self.peek() {
            None => Token::End,
            Some('0'..='9') => Token::Literal(self.number()?),
            Some(quote @ ('"' | '\'')) => Token::Literal(Literal::Text(self.text(quote)?)),
            Some('a'..='z' | 'A'..='Z' | '_') => self.word(),
            Some(other) => self.operator(other)?,
        };
        Ok(Spanned {
            token,
            span: start..self.at,
        })
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn refuse<T>(&self, position: usize, reason: Reason) -> Result<T, RuleError> {
        Err(RuleError::at(self.source, position, reason))
    }

    /// Takes characters as long as they are of this kind.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|one| !belongs(one)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            self.take_while(|one| matches!(one, ' ' | '\t' | '\r' | '\n'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|one| one != '\n');
        }
    }

    fn word(&mut self) -> Token {
        match self.take_while(belongs_to_name) {
            "true" => Token::Literal(Literal::Truth(true)),
            "false" => Token::Literal(Literal::Truth(false)),
            "in" => Token::In,
            _ => Token::Name,
        }
    }

    fn operator(&mut self, first: char) -> Result<Token, RuleError> {
        let mut known = TWO_CHARACTERS.iter().chain(ONE_CHARACTER);
        let Some((text, token)) = known.find(|(text, _)| self.rest().starts_with(text)) else {
            return self.refuse(self.at, Reason::UnknownCharacter { found: first });
        };
        self.at += text.len();
        Ok(token.clone())
    }

    fn number(&mut self) -> Result<Literal, RuleError> {
        let start = self.at;
        // Below 2^63, with its decimals below 2^93, which leaves room for the check after the unit.
        let whole = self.digits(start, 0, i128::from(i64::MAX))?;
        let mut decimal = Decimal {
            digits: whole,
            scale: 0,
        };
        let mut after_point = self.rest().chars().skip(1);
        if self.peek() == Some('.') && after_point.next().is_some_and(|one| one.is_ascii_digit()) {
            self.at += 1;
            let decimals = self.rest().bytes().take_while(u8::is_ascii_digit).count();
            decimal.scale = u32::try_from(decimals).unwrap_or(u32::MAX);
            if decimal.scale > DECIMALS_MAX {
                return self.refuse(start, Reason::TooManyDecimals);
            }
            decimal.digits = self.digits(start, whole, AMOUNT_MAX)?;
        }
        let (unit, size) = self.unit()?;
        decimal.digits *= size;
        if decimal.digits > AMOUNT_MAX {
            return self.refuse(start, Reason::NumberTooLarge);
        }
        Ok(Literal::Amount(decimal.shortened(), unit))
    }

    /// Appends the digits that follow to those before the point.
    fn digits(&mut self, start: usize, before: i128, highest: i128) -> Result<i128, RuleError> {
        let mut number = before;
        for digit in self.take_while(|one| one.is_ascii_digit()).bytes() {
            number = number * 10 + i128::from(digit - b'0');
            if number > highest {
                return self.refuse(start, Reason::NumberTooLarge);
            }
        }
        Ok(number)
    }

    fn unit(&mut self) -> Result<(Unit, i128), RuleError> {
        let start = self.at;
        let found = self.take_while(belongs_to_name);
        if found.is_empty() {
            return Ok((Unit::Number, 1));
        }
        if let Some((_, unit, size)) = UNITS.iter().find(|(name, ..)| *name == found) {
            return Ok((*unit, *size));
        }
        let nearest = nearest(found, UNITS.iter().map(|(name, ..)| *name)).unwrap_or("B");
        let found = found.into();
        self.refuse(start, Reason::UnknownUnit { found, nearest })
    }

    fn text(&mut self, quote: char) -> Result<String, RuleError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|one| one != quote && one != '\\' && one != '\n'));
            let escape = self.at;
            match self.peek() {
                Some('\\') => self.at += 1,
                Some(one) if one == quote => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(_) | None => return self.refuse(start, Reason::TextNotClosed),
            }
            match self.peek() {
                Some(one @ ('"' | '\'' | '\\')) => text.push(one),
                Some(found) => return self.refuse(escape, Reason::UnknownEscape { found }),
                None => return self.refuse(start, Reason::TextNotClosed),
            }
            self.at += 1;
        }
    }
}

const fn belongs_to_name(one: char) -> bool {
    matches!(one, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_')
}
