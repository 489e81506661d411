//! From text to syntax: a plain recursive descent, one function per line of the grammar. Nodes and depth are counted,
//! so any input ends soon and shallow.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not wanted is refused, whichever it is"
)]

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::bounds::{DEPTH_MAX, LIST_MAX, NODES_MAX, SOURCE_BYTES_MAX};
use super::error::RuleError;
use super::lexer::{Lexer, Spanned, Token};
use super::reason::Reason;
use super::syntax::{Item, Literal, Node, Path, Shape, Sign, Word};

/// What a text says, and how many nodes it has.
pub(crate) fn parse(source: &str) -> Result<(Node, u32), RuleError> {
    if source.len() > SOURCE_BYTES_MAX {
        let bytes = source.len();
        let reason = Reason::SourceTooLong { bytes };
        return Err(RuleError::at(source, SOURCE_BYTES_MAX, reason));
    }
    let mut lexer = Lexer::new(source);
    let next = lexer.next()?;
    let mut parser = Parser {
        source,
        lexer,
        next,
        nodes: 0,
        depth: 0,
    };
    let rule = parser.any()?;
    parser.expect_end()?;
    Ok((rule, parser.nodes))
}

struct Parser<'a> {
    source: &'a str,
    lexer: Lexer<'a>,
    next: Spanned,
    nodes: u32,
    /// Parentheses and prefix operators around the place that is being read.
    depth: usize,
}

type Parsed<T> = Result<T, RuleError>;

impl Parser<'_> {
    fn any(&mut self) -> Parsed<Node> {
        let first = self.all()?;
        let terms = self.chain(first, &Token::Or, Self::all)?;
        self.joined(terms, Shape::Any)
    }

    fn all(&mut self) -> Parsed<Node> {
        let first = self.compare()?;
        let terms = self.chain(first, &Token::And, Self::compare)?;
        self.joined(terms, Shape::All)
    }

    fn compare(&mut self) -> Parsed<Node> {
        let left = self.sum()?;
        let compared = match self.next.token {
            Token::Compare(comparison) => {
                self.advance()?;
                let right = self.sum()?;
                let span = left.span.start..right.span.end;
                let height = left.height.max(right.height);
                let shape = Shape::Compare(comparison, Box::new(left), Box::new(right));
                self.node(span, height, shape)?
            }
            Token::In => self.membership(left)?,
            _ => return Ok(left),
        };
        match self.next.token {
            Token::Compare(_) | Token::In => self.refuse(Reason::ChainedComparison),
            _ => Ok(compared),
        }
    }

    fn membership(&mut self, left: Node) -> Parsed<Node> {
        self.advance()?;
        let (start, height) = (left.span.start, left.height);
        match self.next.token {
            Token::OpenBracket => {
                let (items, end) = self.list()?;
                self.node(start..end, height, Shape::InList(Box::new(left), items))
            }
            Token::Name => {
                let path = self.path()?;
                let span = path.span();
                self.count(span.start)?;
                let shape = Shape::InPath(Box::new(left), path, span.clone());
                self.node(start..span.end, height, shape)
            }
            _ => self.expected("a list or job.imports"),
        }
    }

    /// Takes a list, brackets included, and answers where it ends.
    fn list(&mut self) -> Parsed<(Vec<Item>, usize)> {
        let mut items = Vec::new();
        loop {
            // The opening bracket at first, then a comma.
            self.advance()?;
            if items.len() == LIST_MAX {
                return self.refuse(Reason::ListTooLong);
            }
            items.push(self.item()?);
            match self.next.token {
                Token::Comma => {}
                Token::CloseBracket => break,
                _ => return self.expected("a comma or the end of the list"),
            }
        }
        Ok((items, self.advance()?.end))
    }

    fn item(&mut self) -> Parsed<Item> {
        let Token::Literal(literal) = self.next.token.clone() else {
            return self.expected("a literal");
        };
        let span = self.advance()?;
        self.count(span.start)?;
        Ok(Item { literal, span })
    }

    fn sum(&mut self) -> Parsed<Node> {
        let first = self.product()?;
        let mut terms = vec![(Sign::Plus, first)];
        loop {
            let sign = match self.next.token {
                Token::Plus => Sign::Plus,
                Token::Minus => Sign::Minus,
                _ => break,
            };
            self.count(self.next.span.start)?;
            self.advance()?;
            terms.push((sign, self.product()?));
        }
        if terms.len() == 1 {
            return Ok(terms.remove(0).1);
        }
        let span = terms[0].1.span.start..terms[terms.len() - 1].1.span.end;
        let height = terms.iter().map(|(_, term)| term.height).max();
        self.tall(span, height.unwrap_or(0), Shape::Sum(terms))
    }

    fn product(&mut self) -> Parsed<Node> {
        let first = self.unary()?;
        let factors = self.chain(first, &Token::Times, Self::unary)?;
        self.joined(factors, Shape::Product)
    }

    fn unary(&mut self) -> Parsed<Node> {
        let operator = self.next.token.clone();
        let wrap = match operator {
            Token::Not => Shape::Not,
            Token::Minus => Shape::Negate,
            _ => return self.primary(),
        };
        let start = self.next.span.start;
        let operand = self.deeper(|parser| {
            parser.advance()?;
            // The two prefix operators do not mix: `!-x` and `-!x` have no type.
            let mixes = matches!(parser.next.token, Token::Not | Token::Minus)
                && parser.next.token != operator;
            if mixes {
                return parser.expected("a value");
            }
            parser.unary()
        })?;
        let (span, height) = (start..operand.span.end, operand.height);
        self.node(span, height, wrap(Box::new(operand)))
    }

    fn primary(&mut self) -> Parsed<Node> {
        match self.next.token.clone() {
            Token::Literal(literal) => {
                let span = self.advance()?;
                self.node(span, 0, Shape::Literal(literal))
            }
            Token::Open => self.parenthesised(),
            Token::Name if self.word_is("has") => self.has(),
            Token::Name => {
                let path = self.path()?;
                self.node(path.span(), 0, Shape::Path(path))
            }
            _ => self.expected("a value"),
        }
    }

    fn parenthesised(&mut self) -> Parsed<Node> {
        let start = self.next.span.start;
        let mut inner = self.deeper(|parser| {
            parser.advance()?;
            parser.any()
        })?;
        let end = self.take(&Token::Close, "a closing parenthesis")?.end;
        inner.span = start..end;
        Ok(inner)
    }

    fn has(&mut self) -> Parsed<Node> {
        let start = self.advance()?.start;
        self.take(&Token::Open, "( after has")?;
        if self.next.token != Token::Name {
            return self.expected("a label, as in has(node.labels.size)");
        }
        let path = self.path()?;
        let end = self.take(&Token::Close, "a closing parenthesis")?.end;
        self.node(start..end, 0, Shape::Has(path))
    }

    fn path(&mut self) -> Parsed<Path> {
        let object = self.word()?;
        match self.next.token {
            Token::Dot => self.advance()?,
            Token::Open => {
                let found = object.text;
                let reason = Reason::UnknownFunction { found };
                return Err(RuleError::at(self.source, object.span.start, reason));
            }
            _ => {
                let reason = super::names::unknown_word(&object.text);
                return Err(RuleError::at(self.source, object.span.start, reason));
            }
        };
        let name = self.word()?;
        let label = self.label()?;
        Ok(Path {
            object,
            name,
            label,
        })
    }

    /// The second step of a path, if there is one.
    fn label(&mut self) -> Parsed<Option<Word>> {
        match self.next.token {
            Token::Dot => {
                self.advance()?;
                self.word().map(Some)
            }
            Token::OpenBracket => {
                self.advance()?;
                let Token::Literal(Literal::Text(text)) = self.next.token.clone() else {
                    return self.expected("the name of a label in quotes");
                };
                let start = self.advance()?.start;
                let end = self.take(&Token::CloseBracket, "a closing bracket")?.end;
                let span = start..end;
                Ok(Some(Word { text, span }))
            }
            _ => Ok(None),
        }
    }

    fn word(&mut self) -> Parsed<Word> {
        if self.next.token != Token::Name {
            return self.expected("a name");
        }
        let span = self.advance()?;
        let text = self.source[span.clone()].into();
        Ok(Word { text, span })
    }

    /// The first and all that follow it after this operator.
    fn chain(
        &mut self,
        first: Node,
        operator: &Token,
        read: fn(&mut Self) -> Parsed<Node>,
    ) -> Parsed<Vec<Node>> {
        let mut terms = vec![first];
        while self.next.token == *operator {
            self.count(self.next.span.start)?;
            self.advance()?;
            terms.push(read(self)?);
        }
        Ok(terms)
    }

    /// One is itself, more are a chain. Its operators are counted already.
    fn joined(&self, mut terms: Vec<Node>, shape: fn(Vec<Node>) -> Shape) -> Parsed<Node> {
        if terms.len() == 1 {
            return Ok(terms.remove(0));
        }
        let span = terms[0].span.start..terms[terms.len() - 1].span.end;
        let height = terms.iter().map(|term| term.height).max();
        self.tall(span, height.unwrap_or(0), shape(terms))
    }

    fn node(&mut self, span: Range<usize>, height: usize, shape: Shape) -> Parsed<Node> {
        self.count(span.start)?;
        self.tall(span, height, shape)
    }

    /// A node above others of this height.
    fn tall(&self, span: Range<usize>, height: usize, shape: Shape) -> Parsed<Node> {
        if height >= DEPTH_MAX {
            return Err(RuleError::at(self.source, span.start, Reason::TooDeep));
        }
        Ok(Node {
            span,
            height: height + 1,
            shape,
        })
    }

    fn count(&mut self, position: usize) -> Parsed<()> {
        if self.nodes == NODES_MAX {
            return Err(RuleError::at(self.source, position, Reason::TooManyNodes));
        }
        self.nodes += 1;
        Ok(())
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Parsed<Node>) -> Parsed<Node> {
        if self.depth == DEPTH_MAX {
            return self.refuse(Reason::TooDeep);
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    /// Steps over the next token and answers where it stood.
    fn advance(&mut self) -> Parsed<Range<usize>> {
        let following = self.lexer.next()?;
        Ok(core::mem::replace(&mut self.next, following).span)
    }

    fn take(&mut self, token: &Token, wanted: &'static str) -> Parsed<Range<usize>> {
        if self.next.token == *token {
            self.advance()
        } else {
            self.expected(wanted)
        }
    }

    fn expect_end(&self) -> Parsed<()> {
        match self.next.token {
            Token::End => Ok(()),
            _ => self.expected("an operator or the end"),
        }
    }

    fn word_is(&self, word: &str) -> bool {
        self.source[self.next.span.clone()] == *word
    }

    fn expected<T>(&self, wanted: &'static str) -> Parsed<T> {
        let found = match &self.source[self.next.span.clone()] {
            "" => String::from("the end"),
            text => format!("{text:?}"),
        };
        self.refuse(Reason::Expected { wanted, found })
    }

    fn refuse<T>(&self, reason: Reason) -> Parsed<T> {
        Err(RuleError::at(self.source, self.next.span.start, reason))
    }
}
