"""One side of a conversation over plain sockets: answers are what was asked, in capitals.

    serve PORT            answers one caller over TCP, then one datagram over UDP
    call HOST PORT WORD   asks over TCP, then over UDP, and prints both answers
    alone WORD            asks itself
"""
import encodings.idna  # Host names go through it. What is first needed at run time is no longer there to be loaded.
import os
import socket
import sys

from wit_world import exports


class Run(exports.Run):
    def run(self):
        main(sys.argv[1:])


def main(words):
    match words:
        case ["serve", port]:
            serve(int(port))
        case ["call", host, port, word]:
            call(host, int(port), word)
        case ["alone", word]:
            alone(word)
        case _:
            sys.exit(f"talk: not a way to call it: {words}")


def serve(port):
    with (
        socket.create_server(("0.0.0.0", port)) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(("0.0.0.0", port))
        answer(listener)
        word, sender = datagrams.recvfrom(1000)
        datagrams.sendto(word.upper(), sender)


def answer(listener):
    caller, _ = listener.accept()
    with caller:
        caller.sendall(until_end(caller).upper())


def call(host, port, word):
    with socket.create_connection((host, port)) as server:
        server.sendall(word.encode())
        server.shutdown(socket.SHUT_WR)
        print(until_end(server).decode())
    # Its libc answers with kinds of sockets for TCP, whatever was asked for; the address is good for both.
    *_, address = socket.getaddrinfo(host, port, socket.AF_INET)[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(word.encode(), address)
        answered, _ = datagrams.recvfrom(1000)
        print(answered.decode())


def alone(word):
    """Under its own name, which leads back to it."""
    with socket.create_server(("0.0.0.0", 7000)) as listener:
        name = os.environ["SUBLET_HOSTNAME"]
        with socket.create_connection((name, 7000)) as caller:
            caller.sendall(word.encode())
            caller.shutdown(socket.SHUT_WR)
            answer(listener)
            print(name, until_end(caller).decode())


def until_end(stream):
    parts = []
    while part := stream.recv(65536):
        parts.append(part)
    return b"".join(parts)
