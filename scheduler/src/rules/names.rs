//! Names looked up: which attribute a path means, whether this kind of rule sees it, and what was probably meant.

use alloc::format;
use alloc::string::{String, ToString};

use super::RuleKind;
use super::attribute::{Attribute, Object, Sort};
use super::error::RuleError;
use super::nearest::nearest;
use super::reason::Reason;
use super::syntax::Path;

impl RuleKind {
    /// What a rule of this kind may look at.
    #[must_use]
    pub const fn sees(self) -> &'static [Object] {
        match self {
            Self::Entry | Self::Exit => &[Object::Node, Object::Subcluster],
            Self::Accept => &[Object::Job, Object::User, Object::Subcluster],
            Self::Route | Self::Class => &[Object::Job, Object::User],
        }
    }

    const fn seen(self) -> &'static str {
        match self {
            Self::Entry | Self::Exit => "node and sub",
            Self::Accept => "job, user and sub",
            Self::Route | Self::Class => "job and user",
        }
    }
}

/// The attribute that a path means. Where it is a map of labels, the path names one of them.
pub(crate) fn resolve(source: &str, kind: RuleKind, path: &Path) -> Result<Attribute, RuleError> {
    let refuse = |position, reason| Err(RuleError::at(source, position, reason));
    let (object_at, name_at) = (path.object.span.start, path.name.span.start);
    let known = |object: &&Object| object.name() == path.object.text;
    let Some(&object) = Object::ALL.iter().find(known) else {
        return refuse(object_at, unknown_object(path));
    };
    if !kind.sees().contains(&object) {
        let (object, seen) = (object.name(), kind.seen());
        return refuse(object_at, Reason::NotSeen { object, kind, seen });
    }
    let mut attributes = of(object);
    let Some(attribute) = attributes.find(|one| one.name() == path.name.text) else {
        return refuse(name_at, unknown_attribute(object, &path.name.text));
    };
    let path_text = attribute.to_string();
    match (attribute.sort() == Sort::Labels, &path.label) {
        (true, None) => refuse(object_at, Reason::LabelWithoutName { path: path_text }),
        (false, Some(label)) => refuse(label.span.start, Reason::NotLabels { path: path_text }),
        (true, Some(_)) | (false, None) => Ok(attribute),
    }
}

/// Why a word that is no path is refused: with the path of that name if there is one.
pub(crate) fn unknown_word(found: &str) -> Reason {
    let objects = Object::ALL.iter().map(|object| object.name());
    let names = Attribute::all().map(Attribute::name);
    let guess = nearest(found, objects.chain(names).chain(["has", "true", "false"]));
    let guess = guess.unwrap_or("node");
    let attribute = Attribute::all().find(|attribute| attribute.name() == guess);
    Reason::UnknownWord {
        found: found.into(),
        nearest: attribute.map_or_else(|| object_with_example(guess), |one| one.to_string()),
    }
}

fn object_with_example(guess: &str) -> String {
    match Object::ALL.iter().find(|object| object.name() == guess) {
        Some(object) => format!("{}.{}", object.name(), first_of(*object)),
        None => guess.into(),
    }
}

fn unknown_object(path: &Path) -> Reason {
    let objects = Object::ALL.iter().map(|object| object.name());
    let (found, name) = (&path.object.text, &path.name.text);
    let object = nearest(found, objects).unwrap_or("node");
    Reason::UnknownWord {
        found: format!("{found}.{name}"),
        nearest: format!("{object}.{name}"),
    }
}

fn unknown_attribute(object: Object, found: &str) -> Reason {
    let name = nearest(found, of(object).map(Attribute::name)).unwrap_or_else(|| first_of(object));
    Reason::UnknownAttribute {
        found: format!("{}.{found}", object.name()),
        nearest: format!("{}.{name}", object.name()),
    }
}

fn of(object: Object) -> impl Iterator<Item = Attribute> {
    Attribute::all().filter(move |attribute| attribute.object() == object)
}

fn first_of(object: Object) -> &'static str {
    match object {
        Object::Node | Object::Job => "cpu",
        Object::Subcluster => "name",
        Object::User => "id",
    }
}
