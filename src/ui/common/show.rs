//! Parts that are there at times.

use leptos::prelude::*;

/// Shows its children while something is so. In the place of the component of this name in Leptos,
/// which is compiled anew for everything that it shows.
#[component]
pub fn Show(
    /// Whether they are there.
    #[prop(into)]
    when: Signal<bool>,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView {
    let when = Memo::new(move |_| when.get());
    move || when.get().then(|| children())
}
