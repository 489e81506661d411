//! The traits of the five interfaces, made from the standard's text. Streams, pollables and addresses are the types that
//! all other interfaces use, so that a guest can poll a socket together with a clock.

wasmtime::component::bindgen!({
    path: "wit",
    world: "sockets",
    imports: { default: trappable },
    require_store_data_send: true,
    trappable_error_type: {
        "wasi:sockets/network.error-code" => wasmtime_wasi::p2::SocketError,
    },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:sockets/network": wasmtime_wasi::p2::bindings::sockets::network,
        "wasi:sockets/tcp.tcp-socket": crate::sockets::tcp::Tcp,
        "wasi:sockets/udp.udp-socket": crate::sockets::udp::Udp,
        "wasi:sockets/udp.incoming-datagram-stream": crate::sockets::datagrams::Incoming,
        "wasi:sockets/udp.outgoing-datagram-stream": crate::sockets::datagrams::Outgoing,
        "wasi:sockets/ip-name-lookup.resolve-address-stream": crate::sockets::lookup::Lookup,
    },
});
