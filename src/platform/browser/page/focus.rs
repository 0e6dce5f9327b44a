//! The keyboard focus.

use crate::platform::browser::{Listener, NextFrame};
use send_wrapper::SendWrapper;
use std::{
    cell::RefCell,
    iter::{once, successors},
    rc::Rc,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Document, Element, HtmlElement, MutationObserver, MutationObserverInit, window};

fn document() -> Option<Document> {
    window()?.document()
}

/// The element with the focus; the body if there is none.
fn focused() -> Option<Element> {
    document()?.active_element()
}

fn focus_is_on(selectors: &str) -> bool {
    focused().is_some_and(|element| element.matches(selectors).unwrap_or_default())
}

/// Whether the element with the focus handles keys itself.
#[must_use]
pub fn takes_keys() -> bool {
    focus_is_on("input, select, textarea, :is(button, a, summary, [tabindex='0']):focus-visible")
}

/// Whether the element with the focus accepts text.
#[must_use]
pub fn takes_text() -> bool {
    focus_is_on("input, textarea")
}

/// Moves the keyboard focus.
pub fn focus(element: &HtmlElement) {
    let _ = element.focus();
}

/// Moves the keyboard focus to an element, unless it is already inside.
pub fn focus_into(element: &HtmlElement) {
    if !focused().is_some_and(|focused| element.contains(Some(&focused))) {
        focus(element);
    }
}

/// The last element with the focus, and its focusable ancestors, innermost first.
struct Focused {
    element: Element,
    around: Vec<Element>,
}

impl Focused {
    fn new(element: Element) -> Self {
        let around = successors(element.parent_element(), |element| element.parent_element())
            .filter(|element| element.matches("[tabindex='-1']").unwrap_or_default());
        Self { around: around.collect(), element }
    }

    /// Moves the focus if it was lost with its element, or back if that can be used again.
    fn look(&self) {
        let is_lost = focused().is_none_or(|it| {
            it.tag_name() == "BODY" || it == self.element && !can_be_used(&self.element)
        });
        // Another page has the focus, such as one that embeds this one.
        let is_here = document().is_some_and(|document| document.has_focus().unwrap_or_default());
        let mut next = once(&self.element).chain(&self.around).cloned().chain(page());
        if is_here
            && is_lost
            && let Some(next) = next.find(can_be_used)
            && let Some(next) = next.dyn_ref()
        {
            focus(next);
        }
    }
}

/// The element that gets the focus if none of the ancestors is left.
fn page() -> Option<Element> {
    document()?.query_selector("main").ok()?
}

fn can_be_used(element: &Element) -> bool {
    let is = |found: Result<Option<Element>, _>| found.is_ok_and(|found| found.is_some());
    element.is_connected() && !is(element.closest("[hidden]")) && !is(element.closest(":disabled"))
}

/// Restores a lost focus until dropped. When the focused button is removed, hidden or disabled, for
/// example because it was pressed, browsers drop the focus. Its panel or page gets it instead, where
/// keys have the same meaning.
pub struct FocusWatch(SendWrapper<Watch>);

struct Watch {
    observer: MutationObserver,
    _look: Closure<dyn FnMut()>,
    frame: Rc<RefCell<Option<NextFrame>>>,
    _focusin: Listener,
}

/// Starts to restore a lost focus.
#[must_use]
pub fn watch_focus() -> Option<FocusWatch> {
    let document = document()?;
    let focused = Rc::new(RefCell::new(self::focused().map(Focused::new)));
    let focusin = Listener::new(&document, "focusin", {
        let focused = focused.clone();
        move |event| {
            let element = event.target().and_then(|target| target.dyn_into().ok());
            focused.replace(element.map(Focused::new));
        }
    });
    let last = focused.clone();
    let look: Rc<dyn Fn()> = Rc::new(move || {
        // Moving the focus fires an event, which records the new element.
        let before = last.take();
        if let Some(before) = before {
            before.look();
            last.borrow_mut().get_or_insert(before);
        }
    });
    let frame = Rc::new(RefCell::new(None));
    let waiting = frame.clone();
    let look = Closure::<dyn FnMut()>::new(move || {
        let is = |check: fn(&Element) -> bool| {
            focused.borrow().as_ref().is_some_and(|focused| check(&focused.element))
        };
        if is(|element| !element.is_connected()) {
            look();
        } else if is(|element| !can_be_used(element)) && waiting.borrow().is_none() {
            // Its keys still reach what is around it. Moving the focus needs the layout, which is
            // made in the frame anyway.
            let (look, done) = (look.clone(), waiting.clone());
            waiting.replace(Some(NextFrame::new(move || {
                done.take();
                look();
            })));
        }
    });
    let observer = MutationObserver::new(look.as_ref().unchecked_ref()).ok()?;
    let init = MutationObserverInit::new();
    init.set_child_list(true);
    init.set_subtree(true);
    init.set_attribute_filter(&js_sys::Array::of2(&"hidden".into(), &"disabled".into()));
    let body = document.body()?;
    observer.observe_with_options(&body, &init).ok()?;
    Some(FocusWatch(SendWrapper::new(Watch { observer, _look: look, frame, _focusin: focusin })))
}

impl Drop for FocusWatch {
    fn drop(&mut self) {
        self.0.observer.disconnect();
        self.0.frame.take();
    }
}
