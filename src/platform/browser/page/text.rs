//! Splitting text into characters, and support for page translators.

use crate::platform::browser::externs::Segmenter;
use js_sys::{Array, Reflect};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MutationObserver, MutationObserverInit, MutationRecord, Node, NodeList, window};

/// The grapheme clusters of a text (UAX #29); its scalar values where the browser cannot split it.
#[must_use]
pub fn characters(text: &str) -> Vec<String> {
    let Ok(segmenter) = Segmenter::new() else { return text.chars().map(String::from).collect() };
    let segment = |found: JsValue| Reflect::get(&found, &"segment".into()).ok()?.as_string();
    Array::from(&segmenter.segment(text)).iter().filter_map(segment).collect()
}

/// Keeps texts up to date on a translated page until dropped. Translators replace text nodes by
/// elements, while the app updates the removed nodes. A node that changes is put back.
pub struct TextWatch(SendWrapper<Watch>);

struct Watch {
    observer: MutationObserver,
    _see: Closure<dyn FnMut(Array, MutationObserver)>,
}

/// The property of a text node with the element that replaced it.
const STAND_IN: &str = "standIn";

/// Starts to keep texts up to date.
#[must_use]
pub fn watch_texts() -> Option<TextWatch> {
    let see = Closure::<dyn FnMut(Array, MutationObserver)>::new(|seen: Array, observer| {
        let records: Vec<MutationRecord> = seen.iter().map(JsCast::unchecked_into).collect();
        for record in &records {
            match record.type_().as_str() {
                "childList" => note_replaced(record, &records, &observer),
                _ => put_back(record),
            }
        }
    });
    let observer = MutationObserver::new(see.as_ref().unchecked_ref()).ok()?;
    let init = MutationObserverInit::new();
    init.set_child_list(true);
    init.set_subtree(true);
    observer.observe_with_options(window()?.document()?.body()?.as_ref(), &init).ok()?;
    Some(TextWatch(SendWrapper::new(Watch { observer, _see: see })))
}

/// Observes each removed text node that was replaced in the same turn. Nodes that the app itself
/// removes do not change.
fn note_replaced(record: &MutationRecord, all: &[MutationRecord], observer: &MutationObserver) {
    let target = record.target();
    let came = || all.iter().filter(|other| other.target() == target);
    let came = || came().flat_map(|other| nodes(&other.added_nodes()));
    let is_lost = |node: &Node| node.node_type() == Node::TEXT_NODE && !node.is_connected();
    for text in nodes(&record.removed_nodes()).filter(is_lost) {
        let stand_in = nodes(&record.added_nodes()).chain(came()).find(Node::is_connected);
        if let Some(stand_in) = stand_in {
            let _ = Reflect::set(&text, &STAND_IN.into(), &stand_in);
            let init = MutationObserverInit::new();
            init.set_character_data(true);
            let _ = observer.observe_with_options(&text, &init);
        }
    }
}

fn put_back(record: &MutationRecord) {
    let Some(text) = record.target().filter(|text| !text.is_connected()) else { return };
    let stand_in = Reflect::get(&text, &STAND_IN.into()).ok();
    if let Some(stand_in) = stand_in.and_then(|found| found.dyn_into::<Node>().ok())
        && let Some(parent) = stand_in.parent_node()
    {
        let _ = parent.replace_child(&text, &stand_in);
    }
}

fn nodes(list: &NodeList) -> impl Iterator<Item = Node> + use<> {
    let list = list.clone();
    (0..list.length()).filter_map(move |index| list.get(index))
}

impl Drop for TextWatch {
    fn drop(&mut self) {
        self.0.observer.disconnect();
    }
}
