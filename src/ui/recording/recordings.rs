//! Recording the call, and the recordings stored on this device.

use crate::{
    i18n::{call_texts, recording_texts, shown_name},
    platform::{self, Local, StoredRecording},
    reactive::{boxed_bool, boxed_str, boxed_text, effect, first_click},
    recording::ManifestFile,
    session::{Labels, Session, Stage, delete_recording, save_recording, stored_recordings},
    ui::{Icon, common::confirm_button::ConfirmButton, icons},
};
use leptos::prelude::*;

/// Starts and stops a recording, and lists those on this device.
#[component]
pub(in crate::ui) fn RecordingSection() -> impl IntoView {
    let t = recording_texts();
    let session = expect_context::<Session>();
    let recording = session.recording;
    let possible = platform::can_record().is_some();
    let problem = move || recording.problem.get().map(t.problem).unwrap_or_default();
    let label = boxed_text(move || match recording.stage.get() {
        Stage::Off => t.record.to_owned(),
        Stage::Counting(_) => t.cancel.to_owned(),
        Stage::Running { .. } => t.stop.to_owned(),
        Stage::Finishing => t.finishing.to_owned(),
    });
    let labels = Labels { name: shown_name, screen_of: call_texts().screen_of };
    let press = move |_| match recording.stage.get_untracked() {
        Stage::Off => session.record(labels),
        _ => recording.stop(),
    };
    let countdown = boxed_text(move || match recording.stage.get() {
        Stage::Counting(left) => (t.starts_in)(left),
        _ => String::new(),
    });
    let idle = boxed_bool(move || recording.stage.get() == Stage::Off);
    view! {
        <section class="recording" aria-label=t.record hidden=!possible>
            <p class="quiet" hidden=boxed_bool(move || !idle.get())>{t.hint}</p>
            <label class="check" hidden=boxed_bool(move || !idle.get())>
                <input
                    type="checkbox"
                    prop:checked=boxed_bool(move || recording.separate.get())
                    on:change=move |event| recording.separate.set(event_target_checked(&event))
                />
                {t.separate}
            </label>
            <div class="row">
                <button
                    class="button"
                    class:danger=boxed_bool(move || matches!(recording.stage.get(), Stage::Running { .. }))
                    disabled=boxed_bool(move || recording.stage.get() == Stage::Finishing)
                    on:click=first_click(press)
                >
                    <Icon paths=icons::RECORD />
                    {label}
                </button>
                <p role="status">{countdown}</p>
            </div>
            <p class="problem" role="status" hidden=boxed_bool(move || problem().is_empty())>{boxed_str(problem)}</p>
        </section>
        <Recordings />
    }
}

/// The stored recordings, each with its actions.
#[component]
pub(in crate::ui) fn Recordings() -> impl IntoView {
    let t = recording_texts();
    let here = use_context::<Session>().map(|session| session.recording.changes);
    let changes = here.unwrap_or_default();
    let all = RwSignal::new(Vec::<Local<StoredRecording>>::new());
    effect(move || {
        changes.track();
        platform::spawn_local(async move {
            let found = stored_recordings().await.into_iter().map(Local::new).collect();
            let _ = all.try_set(found);
        });
    });
    let torn = move || all.with(|all| all.iter().any(|kept| !kept.manifest.ended));
    let row = move |kept: Local<StoredRecording>| {
        let id = kept.id.clone();
        let is_saved = move |kept: &Local<StoredRecording>| kept.id == id && kept.saved.is_some();
        let saved = boxed_bool(move || all.with(|all| all.iter().any(&is_saved)));
        view! { <RecordingRow kept saved changes /> }
    };
    view! {
        <section
            class="recordings"
            aria-labelledby="recordings"
            hidden=boxed_bool(move || all.with(Vec::is_empty))
        >
            <h2 id="recordings">{boxed_str(move || if torn() { t.recover } else { t.kept })}</h2>
            <ul>
                <For each=move || all.get() key=|kept| kept.id.clone() children=row />
            </ul>
        </section>
    }
}

#[component]
fn RecordingRow(
    kept: Local<StoredRecording>,
    saved: Signal<bool>,
    changes: RwSignal<u32>,
) -> impl IntoView {
    let t = recording_texts();
    let StoredRecording { id, manifest, files, .. } = (*kept).clone();
    let date = platform::calendar_time(manifest.began());
    let name = match &manifest.room {
        Some(room) => format!("{room}, {date}"),
        None => date,
    };
    let size = files.iter().map(|(_, file)| file.size()).sum();
    let (length, torn) = (manifest.length(), !manifest.ended);
    let about = boxed_text(move || (t.row)(length, size, torn, saved.get()));
    let failed = RwSignal::new(false);
    let kept = StoredValue::new(kept);
    let button = move |(index, part): (usize, ManifestFile), name: String| {
        let label = boxed_text(move || match &part.person {
            Some(person) => (t.save_person)(person),
            None if saved.get() => t.save_again.to_owned(),
            None => t.save.to_owned(),
        });
        let save = move |_| {
            platform::spawn_local(async move {
                let Some(kept) = kept.try_get_value() else { return };
                let Some((part, file)) = kept.files.get(index) else { return };
                let done = save_recording(&kept.id, &kept.manifest, part, file).await;
                let _ = failed.try_set(!done);
                let _ = changes.try_update(|count| *count += 1);
            });
        };
        view! {
            <button
                class="button small"
                aria-label=boxed_text(move || (t.of)(&label.get(), &name))
                on:click=first_click(save)
            >
                {label}
            </button>
        }
    };
    let key = id.clone();
    let parts = files.into_iter().map(|(part, _)| part).enumerate();
    let buttons = parts.map(|part| button(part, name.clone())).collect_view();
    view! {
        <li class="file" data-recording=key>
            <p class="name">{name.clone()}</p>
            <p class="quiet">{about}</p>
            <p class="problem" role="status" hidden=boxed_bool(move || !failed.get())>{t.not_saved}</p>
            <div class="row">
                {buttons}
                <DeleteButton id name saved changes />
            </div>
        </li>
    }
}

/// The browser reads a saved recording from here until its download is complete, which no event
/// reports to a page.
#[component]
fn DeleteButton(
    id: String,
    name: String,
    saved: Signal<bool>,
    changes: RwSignal<u32>,
) -> impl IntoView {
    let t = recording_texts();
    let confirm = ConfirmButton::new();
    let press = confirm.second(move || {
        let id = id.clone();
        platform::spawn_local(async move {
            delete_recording(&id).await;
            let _ = changes.try_update(|count| *count += 1);
        });
    });
    let label = boxed_str(move || match confirm.is_next() {
        true if saved.get() => t.delete_saved,
        true => t.delete_sure,
        false => t.delete,
    });
    view! {
        <button class="button small" aria-label=boxed_text(move || (t.of)(label.get(), &name)) on:click=press>
            {label}
        </button>
    }
}
