//! Shared files, below the chat.

use crate::{
    content::{FileInput, FileKey, FileState, FileView},
    i18n::file_texts,
    platform,
    reactive::{boxed_bool, click, first_click},
    session::Session,
    ui::{Icon, icons},
};
use leptos::{html, prelude::*};

/// All files that are offered, in transfer or complete; the last one first.
#[component]
pub(super) fn Files() -> impl IntoView {
    let t = file_texts();
    let session = expect_context::<Session>();
    let files = Memo::new(move |_| session.view.with(|view| view.files.files.clone()));
    view! {
        <ul class="files" aria-label=t.files hidden=boxed_bool(move || files.with(|files| files.is_empty()))>
            <For each=move || files.with(|files| files.iter().rev().cloned().collect::<Vec<_>>()) key=|file| file.key let:file>
                <FileRow first=file />
            </For>
        </ul>
    }
}

#[component]
fn FileRow(first: FileView) -> impl IntoView {
    let session = expect_context::<Session>();
    let (key, name) = (first.key, first.name.clone());
    let file = Memo::new(move |_| {
        let now =
            session.view.with(|view| view.files.files.iter().find(|file| file.key == key).cloned());
        now.unwrap_or_else(|| first.clone())
    });
    // Two people may have the same name.
    let lines = move || {
        let lines = file.with(|file| lines(session, file));
        lines.into_iter().enumerate().collect::<Vec<_>>()
    };
    let progress = move || file.with(progress);
    view! {
        <li class="file" data-file=key.number.to_string()>
            <p class="name" title=name.as_str().to_owned()>{name.as_str().to_owned()}</p>
            <For each=lines key=Clone::clone let((_, line))>
                <p class="quiet">{line}</p>
            </For>
            <progress
                max="1"
                aria-label=name.as_str().to_owned()
                prop:value=move || progress().unwrap_or_default()
                hidden=boxed_bool(move || progress().is_none())
            ></progress>
            <FileButtons file />
        </li>
    }
}

fn lines(session: Session, file: &FileView) -> Vec<String> {
    let t = file_texts();
    let name = |id| {
        let tile = session.tile(id);
        tile.map(|tile| tile.presence.name).unwrap_or_default()
    };
    match file.key.owner {
        Some(owner) => {
            let is_there = session.tile(owner).is_some();
            vec![(t.receiving)(&file.owner_name, is_there, file.state, file.size)]
        }
        None if file.state == FileState::Withdrawn => vec![(t.unreadable)(file.size)],
        None if file.receivers.is_empty() => {
            let others = session.view.with(|view| view.tiles.len());
            vec![if others == 0 { (t.for_nobody)(file.size) } else { (t.own)(file.size, others) }]
        }
        None => {
            let answered = |(_, state): &&(_, _)| *state != FileState::Offered;
            let receivers = file.receivers.iter().filter(answered);
            let sending = receivers.map(|(to, state)| (t.sending)(&name(*to), *state, file.size));
            let waiting = file.receivers.len() - sending.clone().count();
            std::iter::once((t.own)(file.size, waiting)).chain(sending).collect()
        }
    }
}

/// Progress of a file in transfer; for an own file, that of the slowest receiver.
fn progress(file: &FileView) -> Option<f64> {
    let states = file.receivers.iter().map(|(_, state)| *state).chain([file.state]);
    let done = states.filter_map(|state| match state {
        FileState::Transferring(done) | FileState::Paused(done) => Some(done),
        FileState::Checking => Some(file.size),
        _ => None,
    });
    done.min().map(|done| done as f64 / file.size.max(1) as f64)
}

/// The available actions of a file, by its state.
fn actions(key: FileKey, state: FileState) -> Vec<(&'static str, FileInput)> {
    let t = file_texts();
    let (download, pause, remove) =
        (FileInput::Download(key), FileInput::Pause(key), FileInput::Remove(key));
    match (key.owner, state) {
        (None, FileState::Offered) => vec![(t.withdraw, remove)],
        (Some(_), FileState::Offered) => vec![(t.take, download), (t.decline, remove)],
        (Some(_), FileState::Transferring(_)) => vec![(t.pause, pause), (t.cancel, remove)],
        (Some(_), FileState::Paused(_)) => vec![(t.go_on, download), (t.cancel, remove)],
        (Some(_), FileState::Checking) => Vec::new(),
        _ => vec![(t.dismiss, remove)],
    }
}

#[component]
fn FileButtons(file: Memo<FileView>) -> impl IntoView {
    let t = file_texts();
    let session = expect_context::<Session>();
    // A changing percentage must not recreate the buttons while they are being pressed.
    let shown = Memo::new(move |_| {
        file.with(|file| {
            let state = match file.state {
                FileState::Transferring(_) => FileState::Transferring(0),
                FileState::Paused(_) => FileState::Paused(0),
                state => state,
            };
            (file.key, state, file.name.clone())
        })
    });
    move || {
        let (key, state, name) = shown.get();
        let buttons = actions(key, state).into_iter().map(|(label, input)| {
            let title = (t.of)(label, name.as_str());
            view! {
                <button
                    class="button small"
                    aria-label=title
                    on:click=first_click(move |_| session.chat.handle_file(input.clone()))
                >
                    {label}
                </button>
            }
        });
        let buttons = buttons.collect_view();
        let title = (t.of)(t.save_again, name.as_str());
        view! {
            <div class="row">
                {(state == FileState::Complete).then(|| view! {
                    <button class="button small" aria-label=title on:click=click(move |_| session.chat.save_file(key, &name))>
                        {t.save_again}
                    </button>
                })}
                {buttons}
            </div>
        }
    }
}

/// Selects files to share.
#[component]
pub(super) fn Attach() -> impl IntoView {
    let t = file_texts();
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Input>::new();
    let pick = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let picked = move |_| {
        if let Some(input) = input.get_untracked() {
            session.chat.offer_files(platform::picked_files(&input));
        }
    };
    view! {
        <button class="control small" type="button" aria-label=t.attach title=t.attach on:click=click(pick)>
            <Icon paths=icons::ATTACH />
        </button>
        <input type="file" multiple hidden node_ref=input on:change=picked />
    }
}
