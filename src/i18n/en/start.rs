//! What is said in English while the app is not there.

use crate::i18n::StartTexts;

pub(in crate::i18n) static TEXTS: StartTexts = StartTexts {
    waiting: "One moment: the rest of this page is still loading. You will join as soon as it is here.",
    slow: "This page takes long to load. It goes on by itself; reload it if nothing happens.",
    wasm: "Your browser has WebAssembly switched off, as in a lockdown mode. Allow it for this page, or open the link in another browser.",
    file: "{} could not be loaded. Check your network and reload the page. If that does not help, something between you and the server holds it back.",
    part: "A part of this page",
    folder: "This server needs an address of its own, not a folder of another one. Tell the person who runs it.",
    policy: "A security policy that was added between you and the server blocks a part of this page ({}). Try another network, or tell the person who runs this server.",
    sandbox: "The page around this one shows it in a sandbox, where no call can start.",
    changed: "This page could not start: an extension or a proxy may have changed it. Switch extensions off for this site, or open it in another browser.",
    crash: "Something went wrong on this page.",
    reload: "Reload",
    tab: "Open in a tab",
    stalled: "This page has not started: its scripts are blocked or could not be loaded. Reload it, or try another browser or network.",
};
