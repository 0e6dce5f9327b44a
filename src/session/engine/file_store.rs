//! The bytes of files: reads those that this person offers, and writes those that they receive.

use super::Inputs;
use crate::{
    call::Input,
    content::{FileCommand, FileInput, FileKey},
    platform::{self, Sink, StoredBytes},
    protocol::{FileNumber, PeerId},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// All files of a call.
#[derive(Default)]
pub(super) struct FileStore {
    sources: Vec<(FileNumber, StoredBytes)>,
    copies: Vec<(FileKey, Rc<Copy>)>,
}

/// A file of somebody else as it is received. Its commands run one after the other.
#[derive(Default)]
struct Copy {
    orders: RefCell<VecDeque<FileCommand>>,
    busy: Cell<bool>,
    sink: RefCell<Option<Sink>>,
    whole: RefCell<Option<StoredBytes>>,
    saved: Cell<bool>,
}

impl FileStore {
    /// Takes an own file that is about to be offered.
    pub(super) fn add(&mut self, number: FileNumber, source: StoredBytes) {
        self.sources.push((number, source));
    }

    /// Saves a file once more that was received.
    pub(super) fn save(&self, key: FileKey, name: &str) {
        let copy = self.copies.iter().find(|(other, _)| *other == key);
        if let Some(whole) = copy.and_then(|(_, copy)| copy.whole.borrow().clone()) {
            whole.save(name);
        }
    }

    pub(super) fn run(&mut self, inputs: Inputs, command: FileCommand) {
        match command {
            FileCommand::Read(number, peer, from, length) => {
                self.read(inputs, number, peer, from, length);
            }
            FileCommand::Sum(key @ FileKey { owner: None, number }) => {
                let Some(source) = self.source(number) else { return };
                platform::spawn_local(async move {
                    let sum = source.sum().await;
                    inputs.send(Input::File(FileInput::Summed(key, sum)));
                });
            }
            FileCommand::Forget(FileKey { owner: None, number }) => {
                self.sources.retain(|(other, _)| *other != number);
            }
            FileCommand::Open(key) => self.order(inputs, key, command),
            FileCommand::Write(key, ..) => self.order(inputs, key, command),
            FileCommand::Sum(key) | FileCommand::Save(key, _) => self.order(inputs, key, command),
            FileCommand::Forget(key) => {
                self.order(inputs, key, command);
                self.copies.retain(|(other, _)| *other != key);
            }
        }
    }

    fn source(&self, number: FileNumber) -> Option<StoredBytes> {
        let source = self.sources.iter().find(|(other, _)| *other == number);
        source.map(|(_, source)| source.clone())
    }

    fn read(&self, inputs: Inputs, number: FileNumber, peer: PeerId, from: u64, length: usize) {
        let source = self.source(number);
        platform::spawn_local(async move {
            let bytes = match source {
                Some(source) => source.read(from, length).await,
                None => None,
            };
            inputs.send(Input::File(FileInput::Read(number, peer, from, bytes)));
        });
    }

    fn order(&mut self, inputs: Inputs, key: FileKey, command: FileCommand) {
        let known = self.copies.iter().find(|(other, _)| *other == key);
        let copy = match (known, &command) {
            (Some((_, copy)), _) => copy.clone(),
            (None, FileCommand::Open(_)) => {
                self.copies.push((key, Rc::default()));
                return self.order(inputs, key, command);
            }
            (None, _) => return,
        };
        copy.orders.borrow_mut().push_back(command);
        if !copy.busy.replace(true) {
            platform::spawn_local(async move {
                while let Some(next) = copy.next() {
                    if let Some(input) = copy.execute(next).await {
                        inputs.send(Input::File(input));
                    }
                }
                copy.busy.set(false);
            });
        }
    }
}

impl Copy {
    fn next(&self) -> Option<FileCommand> {
        self.orders.borrow_mut().pop_front()
    }

    fn sink(&self) -> Option<Sink> {
        self.sink.borrow().clone()
    }

    async fn execute(&self, command: FileCommand) -> Option<FileInput> {
        match command {
            FileCommand::Open(_) => {
                self.sink.replace(Some(Sink::create().await));
                None
            }
            FileCommand::Write(key, from, bytes) => {
                let to = from + bytes.len() as u64;
                let written = self.sink()?.write(&bytes).await;
                Some(FileInput::Wrote(key, written.then_some(to)))
            }
            FileCommand::Sum(key) => {
                let whole = self.sink()?.finish().await;
                let sum = match &whole {
                    Some(whole) => whole.sum().await,
                    None => None,
                };
                self.whole.replace(whole);
                Some(FileInput::Summed(key, sum))
            }
            FileCommand::Save(_, name) => {
                self.whole.borrow().as_ref()?.save(name.as_str());
                self.saved.set(true);
                None
            }
            FileCommand::Forget(_) => {
                // Of one that was saved, the browser may not have read all yet.
                if !self.saved.get() {
                    self.sink()?.remove().await;
                }
                None
            }
            FileCommand::Read(..) => None,
        }
    }
}
