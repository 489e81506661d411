//! The attribute `#[sublet_job::main]`. It decides nothing about a job: it looks at a signature, and either hands the
//! function to `sublet_job::entry` or says how to mend it.

mod signature;

use proc_macro::TokenStream;
use quote::{quote, quote_spanned};
use signature::{Ending, Signature};
use syn::spanned::Spanned as _;
use syn::{Error, ItemFn, Result};

/// What stands in every message about a signature.
const EXAMPLE: &str = "\n  write it like: #[sublet_job::main] fn main(input: In, job: &Job) -> sublet_job::Result<Out>";

/// Makes a function the entry point of a job. See the crate `sublet-job`.
#[proc_macro_attribute]
pub fn main(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry(attribute, item)
        .unwrap_or_else(|error| {
            // The rest of the file is checked as if there were an entry point, so that this is the only error.
            let error = error.into_compile_error();
            quote! { #error fn main() {} }
        })
        .into()
}

fn entry(attribute: TokenStream, item: TokenStream) -> Result<proc_macro2::TokenStream> {
    if let Some(first) = proc_macro2::TokenStream::from(attribute).into_iter().next() {
        return Err(Error::new(
            first.span(),
            "`#[sublet_job::main]` takes nothing in brackets: leave them out",
        ));
    }
    let function: ItemFn = syn::parse(item).map_err(|error| {
        Error::new(
            error.span(),
            format!("`#[sublet_job::main]` stands before a function with a body{EXAMPLE}"),
        )
    })?;
    let signature = Signature::of(&function.sig)?;
    let input = signature.input.map(|ty| {
        quote_spanned! { ty.span() => ::sublet_job::entry::input::<#ty>(job)?, }
    });
    let job = signature.job.then(|| quote! { job });
    let ended = match signature.ending {
        Ending::Nothing => quote! { ::sublet_job::entry::nothing },
        Ending::Output(ty) => quote_spanned! { ty.span() => ::sublet_job::entry::output::<#ty> },
        Ending::Result(ty) => quote_spanned! { ty.span() => ::sublet_job::entry::result },
    };
    Ok(quote! {
        fn main() {
            #function
            ::sublet_job::entry::run(|job| #ended(main(#input #job)));
        }
    })
}
