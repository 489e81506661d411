//! Routes, each registered once: what serves it, which action it is for, and how it is described.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use sublet_identity::{Action, Reach, Role};
use utoipa::openapi::path::{HttpMethod, Parameter, ParameterIn, PathItem, Paths};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{RefOr, Required};

use super::described::{Described, Sketch};
use super::letting_in::asks;
use crate::front::Front;

/// Some routes of one subject.
pub(super) struct Routes {
    subject: &'static str,
    pub(super) router: Router<Arc<Front>>,
    pub(super) paths: Paths,
    pub(super) schemas: BTreeMap<String, RefOr<Schema>>,
}

/// Shorthands for tables of routes: a path, what it is for, who answers, and what the answer is in a few words.
macro_rules! method {
    ($name:ident, $filter:ident, $method:ident) => {
        pub(super) fn $name<H, T, Shape>(
            self,
            path: &str,
            action: Action,
            handler: H,
            summary: &str,
        ) -> Self
        where
            H: Handler<T, Arc<Front>> + Described<Shape>,
            T: 'static,
        {
            let served = asks(action, on(MethodFilter::$filter, handler));
            let described = sketch::<H, Shape>(path, Some(action), summary);
            self.with(path, served, HttpMethod::$method, described)
        }
    };
}

impl Routes {
    pub(super) fn of(subject: &'static str) -> Self {
        Self {
            subject,
            router: Router::new(),
            paths: Paths::new(),
            schemas: BTreeMap::new(),
        }
    }

    method!(get, GET, Get);
    method!(post, POST, Post);
    method!(put, PUT, Put);
    method!(delete, DELETE, Delete);

    /// A route of which nobody is asked who they are.
    pub(super) fn open<H, T, Shape>(self, path: &str, handler: H, summary: &str) -> Self
    where
        H: Handler<T, Arc<Front>> + Described<Shape>,
        T: 'static,
    {
        let served = on(MethodFilter::GET, handler);
        let described = sketch::<H, Shape>(path, None, summary);
        self.with(path, served, HttpMethod::Get, described)
    }

    /// These and others.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.paths.merge(others.paths);
        self.schemas.extend(others.schemas);
        self
    }

    fn with(
        mut self,
        path: &str,
        served: MethodRouter<Arc<Front>>,
        method: HttpMethod,
        described: Sketch,
    ) -> Self {
        self.router = self.router.route(path, served);
        let Sketch {
            mut operation,
            schemas,
        } = described;
        operation.tags = Some(vec![self.subject.to_owned()]);
        let mut paths = Paths::new();
        let item = PathItem::new(method, operation);
        // What matches several parts of a path is one name to those who fill it in.
        paths.paths.insert(path.replace("{*", "{"), item);
        self.paths.merge(paths);
        self.schemas.extend(schemas);
        self
    }
}

fn sketch<H: Described<Shape>, Shape>(path: &str, action: Option<Action>, summary: &str) -> Sketch {
    let mut sketch = Sketch::new();
    for name in names_in(path) {
        sketch.parameter(part(name));
    }
    H::describe(&mut sketch);
    sketch.operation.operation_id = Some(name_of::<H>());
    sketch.operation.summary = Some(summary.to_owned());
    let is_for_operators = action.is_some_and(|action| action.reach(Role::User) == Reach::Nobody);
    sketch.operation.description = is_for_operators.then(|| "For operators.".to_owned());
    sketch
}

/// A handler is called once, so its name says what is done: `users_add`.
fn name_of<H>() -> String {
    let path = std::any::type_name::<H>();
    let mut words = path.rsplit("::");
    let (function, module) = (words.next(), words.next());
    [module, function]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("_")
}

fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
}

fn part(name: &str) -> Parameter {
    let kind = if name == "index" {
        Type::Integer
    } else {
        Type::String
    };
    let shape = ObjectBuilder::new().schema_type(SchemaType::new(kind));
    Parameter::builder()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(RefOr::T(Schema::from(shape))))
        .build()
}
