// Watches the start of the app and says what is wrong with it: without the app nobody else does.
// It stands in the page and is a file as well, because either may be blocked.
(() => {
  const on = addEventListener, html = document.documentElement.dataset;
  if (html.watched) return;
  html.watched = location.pathname;
  let fault, live, blocked;
  const reload = () => location.reload();
  // What the browser keeps of a file may be what is wrong with it.
  const refetch = (file) => {
    setTimeout(reload, 5000);
    fetch(file, { cache: 'reload' }).then((answer) => answer.blob()).then(reload, reload);
  };
  const say = (name, what) => {
    const place = document.getElementById('start');
    if (!place) return on('DOMContentLoaded', () => say(name, what));
    const texts = JSON.parse(place.dataset.texts);
    const add = (tag, parts) => place.append(Object.assign(document.createElement(tag), parts));
    const link = (text, parts) => add('a', { text, className: 'button primary', href: location, ...parts });
    place.replaceChildren();
    if (live && name != 'crash') return;
    add('p', { textContent: texts[name].replace('{}', what) });
    if (name == 'sandbox') link(texts.tab, { target: '_blank' });
    // Its address alone would lose what stands behind the #.
    else if (name != 'waiting') link(texts.reload, { onclick: () => !!(name == 'file' ? refetch(what) : reload()) });
  };
  const fail = (...why) => (fault = () => say(...why))();
  setTimeout(() => fault || say('slow'), 8000);
  on('live', () => say((live = 'live')));
  on('crash', () => fail('crash'));
  // A press of Join would load the page anew. It counts as soon as the app is there.
  on('submit', (event) => {
    const form = event.target.dataset;
    if (live || !form.early) return;
    event.preventDefault();
    form.pressed = 1;
    fault ? fault() : say('waiting');
  });
  on('securitypolicyviolation', ({ blockedURI: what, disposition, effectiveDirective }) => {
    if (disposition == 'enforce' && /^(wasm|eval|trusted|http)/.test(what)) blocked = effectiveDirective + ' ' + what;
  });
  const lacks = (rel) => fail('file', document.querySelector(`[rel=${rel}]`).getAttribute('href'));
  const explain = ({ name, message }) => {
    const error = name + message;
    if (origin == 'null') fail('sandbox');
    else if (blocked) fail('policy', blocked);
    else if (/^(Syntax|Type.*import)/i.test(error)) lacks('modulepreload');
    else if (/^(Compile|Link|(Type)?Error.*(fetch|load))/i.test(error)) lacks('preload');
    else fail('crash');
  };
  // What blocked it may be told later than that it failed.
  on('unhandledrejection', ({ reason }) => live || setTimeout(() => fault || explain(Object(reason)), 100));
  if (!self.WebAssembly) fail('wasm');
  else if (document.currentScript.src) fail('policy', 'script-src inline');
})();
