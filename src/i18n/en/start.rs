//! English texts shown while the app is not loaded.

use crate::i18n::StartTexts;

pub(in crate::i18n) static TEXTS: StartTexts = StartTexts {
    waiting: "One moment: this page is still loading. You will join as soon as it is ready.",
    slow: "This page is taking a long time to load. Reload it if nothing happens.",
    wasm: "WebAssembly is turned off in your browser, as in lockdown mode. Allow it for this page, or open the link in another browser.",
    file: "{} could not be loaded. Check your network and reload the page. If that does not help, something between you and the server is blocking it.",
    part: "A part of this page",
    folder: "This server needs its own host name and does not work in a folder of another one. Tell the person who runs it.",
    policy: "A security policy added between you and the server blocks part of this page ({}). Try another network, or tell the person who runs this server.",
    sandbox: "The page that embeds this one runs it in a sandbox, where calls cannot start.",
    changed: "This page could not start. An extension or a proxy may have changed it. Turn off extensions for this site, or open it in another browser.",
    crash: "Something went wrong on this page.",
    updated: "Salon was updated. Reload this page when it suits you.",
    reload: "Reload",
    tab: "Open in a tab",
    stalled: "This page has not started because its scripts are blocked or could not be loaded. Reload it, or try another browser or network.",
};
