//! Whole calls of four people in a room for three, with the real server, under any schedule. At the
//! end, everyone is connected to everyone else or knows why not.
//!
//! An input is a script. A digit names the person who acts next; the one who was named before is
//! the other, whom the action is about. Every other character is one step; unknown ones do nothing,
//! so that the fuzzer can change any byte without spoiling the rest.
//!
//! | steps | meaning |
//! |---|---|
//! | `j`, `l`, `r` | join, leave, reload the page |
//! | `m`, `v`, `s`, `h` | switch the microphone, the camera, the screen; raise a hand, or lower it |
//! | `t`, `i` | write to everyone; hide the address, or show it |
//! | `o`, `f`, `p`, `x` | offer a file; take, pause, decline the files of the others |
//! | `k` | open a link with the host key |
//! | `L`, `O`, `W`, `N` | as a host: lock, unlock; waiting room, no waiting room |
//! | `A`, `D`, `M`, `V`, `R`, `T`, `K`, `E` | … admit all, deny all; mute or turn off the camera of, remove, promote the other; renew the host key; end the call |
//! | `u`, `d`, `b` | the oldest message arrives: at the server, from the server, between browsers |
//! | `c`, `n` | the browser finishes an operation, or wants to negotiate |
//! | `.`, `,` | a moment passes for one person; two seconds for everyone, with all that they bring |
//! | `C`, `Y`, `U`, `S` | the socket breaks; brings nothing in either direction, or one |
//! | `P`, `F` | the path to the other is lost; the connection fails |
//! | `G`, `Z` | the network changes; the server restarts |
//! | `X`, `Q` | the browser makes no connections; makes them again |

#![no_main]

use libfuzzer_sys::fuzz_target;
use salon_core::{
    call::world::{Loss, World},
    content::FileInput,
    protocol::{HostAction, TrackSource},
};
use std::time::Duration;

const PEOPLE: usize = 4;
const SEATS: usize = 3;
const STEPS: usize = 250;

/// A world, and whom the next step is about.
struct Script {
    world: World,
    actor: usize,
    other: usize,
}

impl Script {
    fn step(&mut self, step: u8) {
        let (world, actor, other) = (&mut self.world, self.actor, self.other);
        match step {
            b'0'..=b'9' => (self.actor, self.other) = (usize::from(step - b'0') % PEOPLE, actor),
            b'j' => world.join(actor),
            b'l' => world.leave(actor),
            b'r' => world.reload(actor),
            b'm' => world.switch(actor, |presence| presence.mic ^= true),
            b'v' => world.switch(actor, |presence| presence.camera ^= true),
            b's' => world.switch(actor, |presence| presence.screen ^= true),
            b'h' => world.switch(actor, |presence| {
                presence.hand = if presence.hand.is_some() { None } else { Some(0) };
            }),
            b't' => world.say(actor, "hello"),
            b'i' => world.toggle_hiding(actor),
            b'o' => world.offer(actor),
            b'f' => world.treat_files(actor, FileInput::Download),
            b'p' => world.treat_files(actor, FileInput::Pause),
            b'x' => world.treat_files(actor, FileInput::Remove),
            b'k' => world.give_host_key(actor),
            b'u' => world.deliver_up(actor),
            b'd' => world.deliver_down(actor),
            b'b' => {
                world.pass_one();
            }
            b'c' => world.complete(actor, other),
            b'n' => world.renegotiate(actor, other),
            b'.' => world.elapse(actor),
            b',' => world.run(Duration::from_secs(2)),
            b'C' => world.cut(actor),
            b'Y' => world.stall(actor, true, true),
            b'U' => world.stall(actor, true, false),
            b'S' => world.stall(actor, false, true),
            b'P' => world.lose(actor, other, Loss::Path),
            b'F' => world.lose(actor, other, Loss::Connection),
            b'G' => world.change_network(actor),
            b'Z' => world.restart(),
            b'X' => world.disable(actor),
            b'Q' => world.enable(actor),
            _ => self.host(step),
        }
    }

    fn host(&mut self, step: u8) {
        let other = self.world.id(self.other);
        let action = match step {
            b'L' => Some(HostAction::Lock { on: true }),
            b'O' => Some(HostAction::Lock { on: false }),
            b'W' => Some(HostAction::WaitingRoom { on: true }),
            b'N' => Some(HostAction::WaitingRoom { on: false }),
            b'A' => Some(HostAction::Admit { to: None }),
            b'D' => Some(HostAction::Deny { to: None }),
            b'M' => other.map(|to| HostAction::Mute { to, what: TrackSource::Microphone }),
            b'V' => other.map(|to| HostAction::Mute { to, what: TrackSource::Camera }),
            b'R' => other.map(|to| HostAction::Remove { to }),
            b'T' => other.map(|to| HostAction::TransferHost { to }),
            b'K' => Some(HostAction::RenewHostKey),
            b'E' => Some(HostAction::End),
            _ => None,
        };
        if let Some(action) = action {
            self.world.host(self.actor, action);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut script = Script { world: World::new(PEOPLE, SEATS), actor: 0, other: 0 };
    for step in data.iter().take(STEPS) {
        script.step(*step);
    }
    let mut world = script.world;
    (0..PEOPLE).for_each(|person| world.enable(person));
    world.settle();
    world.wait();
    world.check();
    world.end();
});
