//! Conditional parts of a view.

use leptos::prelude::*;

/// Shows its children while a condition holds. Replaces the Leptos component of this name, which is
/// compiled again for every type of its children.
#[component]
pub fn Show(
    /// The condition.
    #[prop(into)]
    when: Signal<bool>,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView {
    let when = Memo::new(move |_| when.get());
    move || when.get().then(|| children())
}
