//! The traits of the interfaces, made from the package that guests are built with.

#![expect(
    clippy::error_impl_error,
    reason = "the package calls it so, and the generated text gives it the trait"
)]

wasmtime::component::bindgen!({
    path: ["../../guest-sdk/wit", "wit/job"],
    world: "sublet:sandbox-job/job",
    imports: {
        "sublet:job/report.log": async | trappable,
        "sublet:job/checkpoint.save": async | trappable,
        "sublet:job/artifacts.read": async | trappable,
        "sublet:job/artifacts.names": async | trappable,
        "sublet:job/children": async | trappable,
        "sublet:job/peers": async | trappable,
        default: trappable,
    },
    require_store_data_send: true,
    with: {
        "sublet:job/artifacts.writer": crate::job::artifacts::Writer,
        "sublet:job/children.spec": crate::job::children::Spec,
        "sublet:job/children.child": crate::job::children::Submitted,
    },
});
