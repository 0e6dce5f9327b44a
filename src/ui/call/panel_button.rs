//! The open panel, and the buttons that open one.

use crate::{
    platform,
    reactive::{boxed_bool, boxed_str, boxed_text, click},
    ui::{Icon, panels::lazy::Lazy},
};
use leptos::{html, prelude::*};

/// A panel.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum OpenPanel {
    Devices,
    Lazy(Lazy),
}

/// The open panel, at most one at a time. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    open: RwSignal<Option<OpenPanel>>,
    devices: NodeRef<html::Button>,
    people: NodeRef<html::Button>,
    chat: NodeRef<html::Button>,
    more: NodeRef<html::Button>,
}

impl Panels {
    pub(super) fn new() -> Self {
        Self {
            open: RwSignal::new(None),
            devices: NodeRef::new(),
            people: NodeRef::new(),
            chat: NodeRef::new(),
            more: NodeRef::new(),
        }
    }

    pub(super) fn is_open(self, panel: OpenPanel) -> bool {
        self.open.get() == Some(panel)
    }

    /// Whether the panel covers the notices. The chat does not, because it may stay open for the
    /// whole call.
    pub(super) fn cover_notices(self) -> bool {
        !matches!(self.open.get(), None | Some(OpenPanel::Lazy(Lazy::Chat)))
    }

    pub(super) fn open(self, panel: OpenPanel) {
        self.open.set(Some(panel));
    }

    /// Closes the open panel. A focused element inside disappears with it.
    pub(super) fn close(self) {
        let panel = self.open.get_untracked();
        self.open.set(None);
        self.focus_button(panel.unwrap_or(OpenPanel::Devices));
    }

    pub(super) fn toggle(self, panel: OpenPanel) {
        if self.open.get_untracked() == Some(panel) {
            self.close();
        } else {
            self.open(panel);
        }
    }

    pub(super) fn focus_button(self, panel: OpenPanel) {
        focus(self.button(panel));
    }

    fn button(self, panel: OpenPanel) -> NodeRef<html::Button> {
        match panel {
            OpenPanel::Devices => self.devices,
            OpenPanel::Lazy(Lazy::People) => self.people,
            OpenPanel::Lazy(Lazy::Chat) => self.chat,
            OpenPanel::Lazy(Lazy::More) => self.more,
        }
    }
}

/// Opens a panel, or closes it.
#[component]
pub(super) fn PanelButton(
    /// All panels.
    panels: Panels,
    /// The panel of this button.
    panel: OpenPanel,
    /// The paths of its icon.
    icon: &'static str,
    /// Its accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The tooltip, if different from the name.
    #[prop(optional)]
    title: Option<&'static str>,
    /// Whether something that the panel controls is on.
    #[prop(optional, into)]
    on: Signal<bool>,
    /// Number of unseen entries in the panel.
    #[prop(optional)]
    badge: Option<Signal<usize>>,
) -> impl IntoView {
    let title = boxed_text(move || title.map_or_else(|| label.get(), str::to_owned));
    let badge = badge.map(|count| {
        view! {
            <span class="badge" aria-hidden="true" hidden=boxed_bool(move || count.get() == 0)>
                {boxed_text(move || count.get().min(99).to_string())}
            </span>
        }
    });
    view! {
        <button
            class="control"
            class:on=on
            node_ref=panels.button(panel)
            aria-label=label
            title=title
            aria-expanded=boxed_str(move || if panels.is_open(panel) { "true" } else { "false" })
            on:click=click(move |_| panels.toggle(panel))
        >
            <Icon paths=icon />
            {badge}
        </button>
    }
}

/// Moves the focus to a button.
pub(super) fn focus(button: NodeRef<html::Button>) {
    if let Some(button) = button.get_untracked() {
        platform::focus(&button);
    }
}
