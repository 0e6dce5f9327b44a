//! Access to the engine, one order at a time.

use super::{Context, Engine, Inputs, Redraw};
use crate::{
    call::Input,
    platform::{self, Local},
    session::inbox::Inbox,
};
use leptos::prelude::*;
use std::{cell::RefCell, rc::Rc};

/// Hands orders to the engine, which carries them out one after the other. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub(in crate::session) struct CallHandle {
    /// For those who do nothing but report.
    pub(in crate::session) inputs: Inputs,
    running: StoredValue<Option<Local<Rc<Running>>>>,
}

/// The engine, and the orders that wait until it is free.
struct Running {
    engine: RefCell<Engine>,
    orders: Inbox<Order>,
    redraw: Box<dyn Fn(Redraw)>,
}

/// What the engine is to do.
enum Order {
    /// To handle an input and show the outcome.
    Handle(Input),
    /// Something with what it owns.
    Act(Box<dyn FnOnce(&mut Engine)>),
}

impl CallHandle {
    /// Starts the engine. `redraw` is called after each input.
    pub(in crate::session) fn start(self, context: Context, redraw: impl Fn(Redraw) + 'static) {
        let running = Running {
            engine: RefCell::new(Engine::new(context)),
            orders: Inbox::default(),
            redraw: Box::new(redraw),
        };
        self.running.set_value(Some(Local::new(Rc::new(running))));
        self.inputs.connect(move |input| self.hand_in(Order::Handle(input)));
    }

    /// Drops the engine, and all connections with it.
    pub(in crate::session) fn stop(self) {
        self.running.set_value(None);
    }

    /// What the engine knows; nothing while it is busy.
    pub(in crate::session) fn ask<T>(self, question: impl FnOnce(&mut Engine) -> T) -> Option<T> {
        let running = self.running.try_get_value().flatten()?;
        let mut engine = running.engine.try_borrow_mut().ok()?;
        Some(question(&mut engine))
    }

    /// Has the engine do something with what it owns.
    pub(in crate::session) fn order(self, act: impl FnOnce(&mut Engine) + 'static) {
        self.hand_in(Order::Act(Box::new(act)));
    }

    /// Hands an input to the call.
    pub(in crate::session) fn send(self, input: Input) {
        self.inputs.send(input);
    }

    fn hand_in(self, order: Order) {
        if let Some(running) = self.running.try_get_value().flatten() {
            running.orders.put(order, |order| match order {
                Order::Handle(input) => {
                    let redraw = running.engine.borrow_mut().handle(input, platform::elapsed());
                    (running.redraw)(redraw);
                }
                Order::Act(act) => act(&mut running.engine.borrow_mut()),
            });
        }
    }
}
