//! Choosing devices, and their problems.

use crate::{
    i18n::{call_texts, texts},
    platform::{self, Device, DeviceKind, Kind, Problem},
    reactive::{boxed_bool, boxed_text, click},
    session::Session,
    ui::Show,
};
use leptos::prelude::*;

/// Camera, microphone with its level, and speaker.
#[component]
pub fn DeviceChoices() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let media = session.media;
    // Not while the person joins.
    media.show_level(boxed_bool(move || {
        session.clock.settled.get() || session.view.with(|view| !view.admission.inside)
    }));
    let level = boxed_text(move || media.level.get().to_string());
    view! {
        <div class="devices">
            <InputChoice kind=Kind::Camera />
            <InputChoice kind=Kind::Microphone />
            <div
                class="level"
                hidden=boxed_bool(move || media.problem(Kind::Microphone).is_some())
                data-level=""
                role="meter"
                aria-label=t.level
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=level
            >
                <span style:translate=boxed_text(move || format!("-{}%", 100 - media.level.get()))></span>
            </div>
            <Show when=boxed_bool(platform::can_choose_speaker)>
                <Choice
                    label=t.speaker
                    kind=DeviceKind::Speaker
                    current=boxed_text(move || media.speaker.get())
                    on_choice=Callback::new(move |id| media.choose_speaker(id))
                />
            </Show>
        </div>
    }
}

/// The cameras or microphones, below the problem of the one in use.
#[component]
fn InputChoice(kind: Kind) -> impl IntoView {
    let t = call_texts();
    let media = expect_context::<Session>().media;
    let label = match kind {
        Kind::Camera => t.camera,
        Kind::Microphone => t.microphone,
    };
    view! {
        <ProblemNote kind />
        <Choice
            label
            kind=DeviceKind::Input(kind)
            current=boxed_text(move || media.device_in_use(kind))
            on_choice=Callback::new(move |id| media.choose(kind, id))
        />
    }
}

/// One list of devices. Absent while there is nothing to choose from.
#[component]
fn Choice(
    label: &'static str,
    kind: DeviceKind,
    current: Signal<String>,
    on_choice: Callback<String>,
) -> impl IntoView {
    let t = call_texts();
    let devices = expect_context::<Session>().media.devices;
    let listed = Memo::new(move |_| {
        let fits = |device: &&Device| device.kind == kind && !device.id.is_empty();
        devices.with(|devices| devices.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    let option = move |(index, Device { id, label, .. }): (usize, Device)| {
        let selected = {
            let id = id.clone();
            move || current.get() == id
        };
        let label = if label.is_empty() { (t.unnamed_device)(index + 1) } else { label };
        view! { <option value=id prop:selected=boxed_bool(selected)>{label}</option> }
    };
    let has_default = move || listed.with(|all| all.iter().any(|device| device.id == "default"));
    view! {
        <Show when=boxed_bool(move || !listed.with(Vec::is_empty))>
            <label class="choice">
                <span>{label}</span>
                <select on:change=move |event| on_choice.run(event_target_value(&event))>
                    {move || (!has_default() && kind == DeviceKind::Speaker)
                        .then(|| view! { <option value="">{t.system_choice}</option> })}
                    {move || listed.get().into_iter().enumerate().map(option).collect_view()}
                </select>
            </label>
        </Show>
    }
}

/// The problem of one kind of device, and what to do.
#[component]
pub fn ProblemNote(
    /// The kind of device.
    kind: Kind,
) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let media = session.media;
    let problem = Memo::new(move |_| {
        let other = Some(Kind::Camera).filter(|other| *other != kind);
        uncovered_problem(kind, media.problem(kind), other.and_then(|other| media.problem(other)))
    });
    view! {
        {move || problem.get().map(|problem| view! {
            <div class="problem" data-notice="device" data-problem=problem_name(problem)>
                <p>{(t.problem)(kind, problem)}</p>
                {(problem == Problem::Framed).then(|| view! {
                    <a class="button small" href=session.lobby.room.link.get_value() target="_blank">{texts().open_in_tab}</a>
                })}
                {(!problem.is_lasting()).then(|| view! {
                    <button class="button small" type="button" on:click=click(move |_| media.retry(kind))>
                        {t.try_again}
                    </button>
                })}
            </div>
        })}
    }
}

/// The problem of one kind of device, unless the camera's text already covers it: some texts are
/// about both.
fn uncovered_problem(
    kind: Kind,
    problem: Option<Problem>,
    camera: Option<Problem>,
) -> Option<Problem> {
    let t = call_texts();
    let covered = camera.map(|camera| (t.problem)(Kind::Camera, camera));
    problem.filter(|problem| covered != Some((t.problem)(kind, *problem)))
}

fn problem_name(problem: Problem) -> &'static str {
    match problem {
        Problem::Dismissed => "dismissed",
        Problem::Denied => "denied",
        Problem::DeniedBySystem => "denied-by-system",
        Problem::Missing => "missing",
        Problem::Busy => "busy",
        Problem::Insecure => "insecure",
        Problem::Framed => "framed",
        Problem::Forbidden => "forbidden",
        Problem::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_both_devices_is_shown_once() {
        for (problem, again) in [(Problem::Forbidden, false), (Problem::Denied, true)] {
            let problem_shown = uncovered_problem(Kind::Microphone, Some(problem), Some(problem));
            assert_eq!(problem_shown.is_some(), again);
            assert_eq!(uncovered_problem(Kind::Microphone, Some(problem), None), Some(problem));
            assert_eq!(uncovered_problem(Kind::Camera, Some(problem), None), Some(problem));
        }
    }
}
