//! Which signatures a job may have, and what is said about those that it may not.

use syn::spanned::Spanned as _;
use syn::{Error, FnArg, Result, ReturnType, Type};

use crate::EXAMPLE;

/// What the entry point takes and gives.
pub(crate) struct Signature<'a> {
    pub(crate) input: Option<&'a Type>,
    /// Whether it wants to know the job.
    pub(crate) job: bool,
    pub(crate) ending: Ending<'a>,
}

/// What the function gives back.
pub(crate) enum Ending<'a> {
    Nothing,
    Output(&'a Type),
    /// Anything that is called `Result`.
    Result(&'a Type),
}

impl<'a> Signature<'a> {
    pub(crate) fn of(signature: &'a syn::Signature) -> Result<Self> {
        check_kind(signature)?;
        let types = signature
            .inputs
            .iter()
            .map(argument)
            .collect::<Result<Vec<_>>>()?;
        let (input, job) = match *types.as_slice() {
            [] => (None, false),
            [only] if is_job(only)? => (None, true),
            [only] => (Some(only), false),
            [first, second] if is_job(second)? => (Some(first), true),
            [first, second] if is_job(first)? => {
                return Err(mend(second, "the input comes first, then the job"));
            }
            [_, second] => {
                return Err(mend(
                    second,
                    "a job has one input: put its values into one struct. The second argument can only be `&Job`",
                ));
            }
            [_, _, third, ..] => {
                return Err(mend(
                    third,
                    "a job has at most two arguments, its input and `&Job`",
                ));
            }
        };
        input.map_or(Ok(()), check_input)?;
        Ok(Self {
            input,
            job,
            ending: ending(&signature.output)?,
        })
    }
}

fn check_kind(signature: &syn::Signature) -> Result<()> {
    if signature.ident != "main" {
        let message = format!(
            "the entry point of a program is called `main`, not `{}`{EXAMPLE}",
            signature.ident
        );
        return Err(Error::new(signature.ident.span(), message));
    }
    if let Some(word) = &signature.asyncness {
        return Err(Error::new(
            word.span(),
            "a job is not async: leave the word out. Calls that wait are fine, the host runs other jobs meanwhile",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(mend(
            &signature.generics,
            "a job has no generics: name the types of its input and output",
        ));
    }
    Ok(())
}

fn argument(argument: &FnArg) -> Result<&Type> {
    match argument {
        FnArg::Typed(typed) => Ok(&typed.ty),
        FnArg::Receiver(receiver) => {
            Err(mend(receiver, "a job is a free function, without `self`"))
        }
    }
}

/// Whether this is `&Job`; what only looks like it is told.
fn is_job(ty: &Type) -> Result<bool> {
    match ty {
        Type::Reference(reference) if last_name_is(&reference.elem, "Job") => {
            match reference.mutability {
                None => Ok(true),
                Some(_) => Err(mend(
                    ty,
                    "take the job as `&Job`; nothing in it needs `mut`",
                )),
            }
        }
        _ if last_name_is(ty, "Job") => Err(mend(ty, "take the job as `&Job`")),
        _ => Ok(false),
    }
}

fn check_input(ty: &Type) -> Result<()> {
    match ty {
        Type::Reference(_) => Err(mend(
            ty,
            "take the input by value: a type with `#[derive(Deserialize)]`, or `sublet_job::Bytes` for bytes as they are",
        )),
        Type::ImplTrait(_) => Err(mend(ty, "name the type of the input")),
        _ => Ok(()),
    }
}

fn ending(output: &ReturnType) -> Result<Ending<'_>> {
    match output {
        ReturnType::Default => Ok(Ending::Nothing),
        ReturnType::Type(_, ty) => match &**ty {
            Type::ImplTrait(_) => Err(mend(ty, "name the type of the output")),
            Type::Reference(_) => Err(mend(ty, "give the output by value")),
            ty if last_name_is(ty, "Result") => Ok(Ending::Result(ty)),
            ty => Ok(Ending::Output(ty)),
        },
    }
}

fn last_name_is(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

fn mend(place: &impl syn::spanned::Spanned, sentence: &str) -> Error {
    Error::new(place.span(), format!("{sentence}{EXAMPLE}"))
}
