//! What a handler takes and tells, read off its signature: the description of the API cannot say anything else.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Ref, RefOr, Required, Response};
use utoipa::{IntoParams, ToSchema};

use super::answer::{
    Accepted, Binary, Bytes, Done, Either, Kept, Lines, Media, Stored, Tagged, Text,
};
use super::caller::Caller;
use super::extract::{self, Labelled, Path, Query};
use super::headers::{AnnouncedDigest, IdempotencyKey, IfMatch, LastEventId};
use super::problem::Answer;
use super::stream::{self, Framing, Streamed};
use crate::front::Front;

/// How callers are known.
pub(super) const CERTIFICATE: &str = "certificate";
const JSON: &str = "application/json";

/// An operation while it is described, with the shapes that it speaks of.
pub(super) struct Sketch {
    pub(super) operation: Operation,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

/// Something that a handler takes.
pub(super) trait Taken {
    fn describe(sketch: &mut Sketch);
}

/// Something that a handler tells.
pub(super) trait Told {
    fn describe(sketch: &mut Sketch);
}

/// A handler, whatever it takes.
pub(super) trait Described<Shape> {
    fn describe(sketch: &mut Sketch);
}

macro_rules! described {
    ($( $taken:ident ),*) => {
        impl<Handler, Future, $( $taken, )*> Described<($( $taken, )*)> for Handler
        where
            Handler: Fn($( $taken ),*) -> Future,
            Future: std::future::Future<Output: Told>,
            $( $taken: Taken, )*
        {
            fn describe(sketch: &mut Sketch) {
                $( $taken::describe(sketch); )*
                Future::Output::describe(sketch);
            }
        }
    };
}

described!();
described!(A);
described!(A, B);
described!(A, B, C);
described!(A, B, C, D);
described!(A, B, C, D, E);

impl Sketch {
    pub(super) fn new() -> Self {
        Self {
            operation: Operation::new(),
            schemas: Vec::new(),
        }
    }

    pub(super) fn parameter(&mut self, parameter: Parameter) {
        let parameters = self.operation.parameters.get_or_insert_default();
        parameters.push(RefOr::T(parameter));
    }

    fn header(&mut self, name: &str, description: &str) {
        let header = Parameter::builder()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(text()));
        self.parameter(header.build());
    }

    /// Takes note of a shape, and gives what stands for it.
    pub(super) fn shape<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name()).into()
    }

    fn takes(&mut self, media_type: &str, shape: Option<RefOr<Schema>>) {
        let body = RequestBody::builder()
            .content(media_type, Content::new(shape))
            .required(Some(Required::True));
        self.operation.request_body = Some(RefOr::T(body.build()));
    }

    fn tells(&mut self, status: &str, content: Option<(&str, Option<RefOr<Schema>>)>) {
        let responses = &mut self.operation.responses.responses;
        let known = responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(Response::new(meaning(status))));
        if let (RefOr::T(response), Some((media_type, shape))) = (known, content) {
            let content = Content::new(shape);
            response
                .content
                .insert(media_type.to_owned(), RefOr::T(content));
        }
    }
}

fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "It is new.",
        "202" => "It is under way.",
        "204" => "It is done.",
        "206" => "A part of it.",
        "304" => "It is what the caller has.",
        _ => "It is so.",
    }
}

fn text() -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    RefOr::T(text.into())
}

impl Taken for Caller {
    fn describe(sketch: &mut Sketch) {
        let nothing: [&str; 0] = [];
        let known = SecurityRequirement::new(CERTIFICATE, nothing);
        sketch.operation.security = Some(vec![known]);
    }
}

impl Taken for State<Arc<Front>> {
    fn describe(_: &mut Sketch) {}
}

/// Parts of a path are described by the path.
impl<T> Taken for Path<T> {
    fn describe(_: &mut Sketch) {}
}

impl<T: IntoParams> Taken for Query<T> {
    fn describe(sketch: &mut Sketch) {
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            sketch.parameter(parameter);
        }
    }
}

impl<T: IntoParams> Taken for Labelled<T> {
    fn describe(sketch: &mut Sketch) {
        Query::<T>::describe(sketch);
        let label = Parameter::builder()
            .name("label")
            .parameter_in(ParameterIn::Query)
            .description(Some(
                "Only those with this label, `key=value`; may stand several times.",
            ))
            .schema(Some(text()));
        sketch.parameter(label.build());
    }
}

impl<T: ToSchema> Taken for extract::Json<T> {
    fn describe(sketch: &mut Sketch) {
        let shape = sketch.shape::<T>();
        sketch.takes(JSON, Some(shape));
    }
}

impl Taken for Body {
    fn describe(sketch: &mut Sketch) {
        sketch.takes(Binary::TYPE, None);
    }
}

impl Taken for IdempotencyKey {
    fn describe(sketch: &mut Sketch) {
        sketch.header(
            Self::HEADER,
            "A word of the caller's: the same one again, with the same body, has the same answer and no further effect.",
        );
    }
}

impl Taken for LastEventId {
    fn describe(sketch: &mut Sketch) {
        sketch.header(
            Self::HEADER,
            "The mark of the last item that was seen: goes before `after`.",
        );
    }
}

/// Told with what is streamed.
impl Taken for Framing {
    fn describe(_: &mut Sketch) {}
}

/// Of which only these are heeded.
impl Taken for HeaderMap {
    fn describe(sketch: &mut Sketch) {
        sketch.header("if-none-match", "The `ETag` of what the caller has.");
        sketch.header("range", "`bytes=FIRST-LAST`: only a part.");
    }
}

impl Taken for IfMatch {
    fn describe(sketch: &mut Sketch) {
        sketch.header(Self::HEADER, "The `ETag` of what the change was made from.");
    }
}

impl Taken for AnnouncedDigest {
    fn describe(sketch: &mut Sketch) {
        sketch.header(
            Self::HEADER,
            "`sha-256=:BASE64:` of the body, which is refused if it is another one.",
        );
    }
}

impl<T: Told> Told for Answer<T> {
    fn describe(sketch: &mut Sketch) {
        T::describe(sketch);
    }
}

impl<T: ToSchema> Told for Json<T> {
    fn describe(sketch: &mut Sketch) {
        let shape = sketch.shape::<T>();
        sketch.tells("200", Some((JSON, Some(shape))));
    }
}

impl<T: ToSchema> Told for Tagged<T> {
    fn describe(sketch: &mut Sketch) {
        Json::<T>::describe(sketch);
    }
}

impl<T: ToSchema> Told for Kept<T> {
    fn describe(sketch: &mut Sketch) {
        Json::<T>::describe(sketch);
        let shape = sketch.shape::<T>();
        sketch.tells("201", Some((JSON, Some(shape))));
    }
}

impl<T: ToSchema> Told for Accepted<T> {
    fn describe(sketch: &mut Sketch) {
        let shape = sketch.shape::<T>();
        sketch.tells("202", Some((JSON, Some(shape))));
    }
}

impl Told for Done {
    fn describe(sketch: &mut Sketch) {
        sketch.tells("204", None);
    }
}

impl<T: ToSchema> Told for Streamed<T> {
    fn describe(sketch: &mut Sketch) {
        let shape = sketch.shape::<T>();
        sketch.tells("200", Some((stream::LINES, Some(shape.clone()))));
        sketch.tells("200", Some((stream::EVENTS, Some(shape))));
    }
}

impl<T: ToSchema> Told for Lines<T> {
    fn describe(sketch: &mut Sketch) {
        let shape = sketch.shape::<T>();
        sketch.tells("200", Some((stream::LINES, Some(shape))));
    }
}

impl<M: Media> Told for Bytes<M> {
    fn describe(sketch: &mut Sketch) {
        sketch.tells("200", Some((M::TYPE, None)));
    }
}

impl Told for Stored {
    fn describe(sketch: &mut Sketch) {
        for status in ["200", "206"] {
            sketch.tells(status, Some((Binary::TYPE, None)));
        }
        sketch.tells("304", None);
    }
}

impl<A: Told, B: Told> Told for Either<A, B> {
    fn describe(sketch: &mut Sketch) {
        A::describe(sketch);
        B::describe(sketch);
    }
}

impl Told for String {
    fn describe(sketch: &mut Sketch) {
        sketch.tells("200", Some((Text::TYPE, Some(text()))));
    }
}

impl Told for &'static str {
    fn describe(sketch: &mut Sketch) {
        String::describe(sketch);
    }
}
