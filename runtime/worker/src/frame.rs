//! Frames on a stream socket: a length, a batch of messages, and the descriptors that belong to them.
//!
//! Knows nothing of what the messages mean. What arrives is not trusted: a frame beyond the limit, or one that does not
//! decode, is an error, and the side that reads it gives up the link.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest frame. A worker gone mad must not make the front allocate without bound.
pub const FRAME_BYTES_MAX: usize = 64 << 20;
/// Most messages of one frame. The shortest take two bytes, and many times that once they are read.
const MESSAGES_MAX: usize = 1 << 16;
/// Most descriptors beside one frame: the kernel takes 253 in one message.
pub const DESCRIPTORS_MAX: usize = 32;
/// Bytes before the batch: its length, little endian.
const HEADER_BYTES: usize = 4;

/// The sending end.
#[derive(Debug)]
pub struct FrameWriter {
    socket: UnixStream,
    buffer: Vec<u8>,
}

impl FrameWriter {
    /// Frames go out through this socket.
    #[must_use]
    pub const fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            buffer: Vec::new(),
        }
    }

    /// Sends a batch, in one frame if it fits, and blocks until the kernel has all of it.
    ///
    /// # Errors
    /// When the other end is gone, or the batch does not fit its frames.
    pub fn send<M: Serialize>(
        &mut self,
        batch: &[M],
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let (first, rest) = batch.split_at(batch.len().min(MESSAGES_MAX));
        self.send_frame(first, descriptors)?;
        rest.chunks(MESSAGES_MAX)
            .try_for_each(|frame| self.send_frame(frame, &[]))
    }

    fn send_frame<M: Serialize>(
        &mut self,
        batch: &[M],
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        self.encode(batch)?;
        let sent = if descriptors.is_empty() {
            0
        } else {
            send_with_descriptors(&self.socket, &self.buffer, descriptors)?
        };
        let rest = self.buffer.get(sent..).unwrap_or_default();
        self.socket.write_all(rest)
    }

    /// Closes the link in both directions, also for whoever reads it on another thread.
    pub fn close(&self) {
        if let Err(error) = self.socket.shutdown(Shutdown::Both) {
            tracing::debug!(%error, "the link was closed already");
        }
    }

    fn encode<M: Serialize>(&mut self, batch: &[M]) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(&[0; HEADER_BYTES]);
        buffer = postcard::to_extend(batch, buffer).map_err(io::Error::other)?;
        let length = buffer.len() - HEADER_BYTES;
        if length > FRAME_BYTES_MAX {
            return Err(io::Error::other(format!(
                "frame is {length} bytes, the limit is {FRAME_BYTES_MAX}"
            )));
        }
        let length = u32::try_from(length).map_err(io::Error::other)?;
        if let Some(header) = buffer.get_mut(..HEADER_BYTES) {
            header.copy_from_slice(&length.to_le_bytes());
        }
        self.buffer = buffer;
        Ok(())
    }
}

fn send_with_descriptors(
    socket: &UnixStream,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    if descriptors.len() > DESCRIPTORS_MAX {
        return Err(io::Error::other(format!(
            "{} descriptors beside one frame, the limit is {DESCRIPTORS_MAX}",
            descriptors.len()
        )));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(
        control.push(SendAncillaryMessage::ScmRights(descriptors)),
        "the space was made for as many descriptors as were let pass"
    );
    Ok(sendmsg(
        socket,
        &[IoSlice::new(bytes)],
        &mut control,
        SendFlags::NOSIGNAL,
    )?)
}

/// The receiving end.
#[derive(Debug)]
pub struct FrameReader {
    socket: UnixStream,
    buffer: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl FrameReader {
    /// Frames come in through this socket.
    #[must_use]
    pub const fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            buffer: Vec::new(),
            descriptors: VecDeque::new(),
        }
    }

    /// How long nothing may come before who waits in [`Self::receive_or_notice`] is told.
    ///
    /// # Errors
    /// When the kernel does not take the time: zero, or a link that is closed.
    pub fn notice_after(&self, silence: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(silence))
    }

    /// Waits for the next frame. Nothing means that the other end closed the link between two frames.
    ///
    /// # Errors
    /// When the link breaks within a frame, or the frame is too long or does not decode.
    pub fn receive<M: DeserializeOwned>(&mut self) -> io::Result<Option<Vec<M>>> {
        self.receive_or_notice(&mut || {})
    }

    /// Like [`Self::receive`]. Each time that nothing came for as long as [`Self::notice_after`] says, also within a frame,
    /// `silence` is told, and the wait goes on.
    ///
    /// # Errors
    /// As there.
    pub fn receive_or_notice<M: DeserializeOwned>(
        &mut self,
        silence: &mut dyn FnMut(),
    ) -> io::Result<Option<Vec<M>>> {
        let mut header = [0; HEADER_BYTES];
        let first = self.receive_with_descriptors(&mut header, silence)?;
        if first == 0 {
            return Ok(None);
        }
        let rest = header.get_mut(first..).unwrap_or_default();
        read_exact(&self.socket, rest, silence)?;
        let length = usize::try_from(u32::from_le_bytes(header)).map_err(io::Error::other)?;
        if length > FRAME_BYTES_MAX {
            return Err(io::Error::other(format!(
                "frame is {length} bytes, the limit is {FRAME_BYTES_MAX}"
            )));
        }
        self.buffer.resize(length, 0);
        read_exact(&self.socket, &mut self.buffer, silence)?;
        // How many there are stands first.
        let (count, _) =
            postcard::take_from_bytes::<usize>(&self.buffer).map_err(io::Error::other)?;
        if count > MESSAGES_MAX {
            return Err(io::Error::other(format!(
                "frame has {count} messages, the limit is {MESSAGES_MAX}"
            )));
        }
        postcard::from_bytes(&self.buffer)
            .map(Some)
            .map_err(io::Error::other)
    }

    /// The next descriptor that came beside a frame.
    pub fn next_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }

    /// Descriptors travel with the first byte of their frame, which is always read here.
    fn receive_with_descriptors(
        &mut self,
        header: &mut [u8],
        silence: &mut dyn FnMut(),
    ) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let mut slices = [IoSliceMut::new(header)];
            match recvmsg(
                &self.socket,
                &mut slices,
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => silence(),
                other => break other?,
            }
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        Ok(received.bytes)
    }
}

/// As that of the standard library, but for a socket on which reads have an end.
fn read_exact(
    mut socket: &UnixStream,
    mut space: &mut [u8],
    silence: &mut dyn FnMut(),
) -> io::Result<()> {
    while !space.is_empty() {
        match socket.read(space) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => space = space.get_mut(length..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => silence(),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
