// Watches the start of the app and explains problems, which the app itself cannot do then.
// It is both inline in the page and a separate file, because either may be blocked.
(() => {
  const on = addEventListener, html = document.documentElement.dataset;
  if (html.watched) return;
  html.watched = location.pathname;
  let fault, live, blocked, wait = 'waiting';
  // A call that is reloaded comes back without its lobby, unless something has to be said.
  try {
    const seat = sessionStorage['salon.seat'].split(' ');
    html.returns = performance.getEntriesByType('navigation')[0].type != 'navigate' && seat[0] == html.watched.slice(6) && Date.now() / 1e3 - seat[5] <= 60;
  } catch {}
  const bare = () => !getComputedStyle(document.head).getPropertyValue('--accent');
  const reload = () => location.reload();
  // In the order of the requests: a script that requests another one is complete.
  const files = (end) => [...new Set([...document.querySelectorAll('link'), ...performance.getEntriesByType('resource')]
    .map((it) => (it.href || it.name).replace(location.origin, '')))].filter((it) => it.match(`^/pkg/(?!start).*${end}$`));
  // The cached copy of a file may be the damaged one.
  const refetch = () => {
    setTimeout(reload, 5e3);
    Promise.allSettled(files('').map((file) => fetch(file, { cache: 'reload' }).then((it) => it.blob()))).then(reload);
  };
  const say = (name, what) => {
    const place = document.getElementById('start');
    if (!place) return on('DOMContentLoaded', () => say(name, what));
    const t = JSON.parse(place.dataset.texts);
    delete html.returns;
    const add = (tag, parts) => place.append(Object.assign(document.createElement(tag), parts));
    const link = (text, parts) => add('a', { text, className: 'button primary', href: location, ...parts });
    // In a folder of another server, the files are requested from outside of that folder.
    if (name == 'file' && html.watched.match(/[^/]+/g)?.length > place.dataset.depth) name = 'folder';
    place.replaceChildren();
    if (!name) return;
    add('p', { textContent: t[name].replace('{}', what || t.part) });
    // The sandbox may not allow a new tab either.
    if (name == 'sandbox') link(t.tab, { target: '_blank' }), add('code', { textContent: location });
    // Navigating to the address would lose the fragment.
    else if (!/waiting|folder/.test(name)) link(t.reload, { onclick: () => !!(name == 'file' ? refetch : reload)() });
    bare() && place.scrollIntoView();
  };
  const fail = (...why) => (fault = () => say(...why))();
  setTimeout(() => live || fault || say(wait = 'slow'), 8e3);
  on('live', () => (live = 1) && bare() || say());
  // A press of Join would reload the page. It takes effect as soon as the app is loaded.
  on('submit', (it) => {
    const form = it.target.dataset;
    if (live || !form.early) return;
    it.preventDefault();
    form.pressed = 1;
    fault ? fault() : say(wait);
  });
  on('securitypolicyviolation', ({ blockedURI: what, disposition, effectiveDirective: rule }) => {
    if (disposition == 'enforce' && /^(wasm|eval|trusted|http)/.test(what)) blocked = rule + ' ' + what;
  });
  const lacks = (end) => fail('file', files(end).pop());
  const explain = (error) => {
    if (origin == 'null') fail('sandbox');
    else if (blocked) fail('policy', blocked);
    else if (/^(Syntax|Type.*import)|_split/i.test(error)) lacks('js');
    else if (/^(Compile|Link|(Type)?Error.*(fetch|load))/i.test(error)) lacks('wasm');
    else if (/^Type.*not a function/.test(error)) fail('file');
    else fail(live ? 'crash' : 'changed');
  };
  on('updated', () => say('updated'));
  // The reason may be reported later than the failure.
  on('crash', () => setTimeout(explain, 100));
  on('unhandledrejection', ({ reason }) => live || setTimeout(() => fault || explain(reason), 100));
  if (bare()) lacks('css');
  if (!self.WebAssembly) fail('wasm');
  else if (document.currentScript.src) fail('policy', 'script-src inline');
})();

// From here on, in the file only: the app fetches its other parts later. A connection may go silent, a proxy
// may change their content type, the cached copy may be damaged, and those of an older build are gone.
(() => {
  const { WebAssembly: wasm, fetch: request } = self, stream = wasm?.instantiateStreaming;
  const SILENT_MS = 12_000, SILENT_FOR_RETRY_MS = 2_000, damaged = new Set();
  if (!stream) return;
  // A request for a part, which only its loader makes with a `URL`, is abandoned when nothing arrives any more.
  self.fetch = (source, options) => {
    if (!(source instanceof URL)) return request(source, options);
    const control = new AbortController();
    let heard = performance.now();
    const abandon = (silent) => performance.now() - heard >= silent && control.abort();
    const retry = () => abandon(SILENT_FOR_RETRY_MS), clock = setInterval(abandon, 1_000, SILENT_MS);
    addEventListener('retry', retry);
    const cache = damaged.has(source.href) ? 'reload' : 'default';
    const answer = request(source, { ...options, cache, signal: control.signal });
    const follow = async () => {
      // The copy: the body itself is compiled as it arrives.
      const reader = (await answer).clone().body.getReader();
      do heard = performance.now();
      while (!(await reader.read()).done);
    };
    follow().catch(() => {}).finally(() => {
      clearInterval(clock);
      removeEventListener('retry', retry);
    });
    return answer;
  };
  wasm.instantiateStreaming = async (source, imports) => {
    const answer = await source;
    if (answer.status == 404) dispatchEvent(new Event('gone'));
    const streams = !answer.ok || answer.headers.get('content-type') == 'application/wasm';
    try {
      return await (streams ? stream(answer, imports) : wasm.instantiate(await answer.arrayBuffer(), imports));
    } catch (error) {
      if (answer.ok) damaged.add(answer.url);
      throw error;
    }
  };
})();

// If a part is gone because the server was updated, the page has to be reloaded. That happens at once if it
// was not used yet, or if Join was pressed and the call is missing: Join takes effect in the new page. In
// other cases a notice offers it, as the person would lose a call or a choice of devices.
(() => {
  const on = addEventListener, html = document.documentElement.dataset, SHOWN_MS = 20_000, JOIN_MS = 30_000;
  const phase = () => document.querySelector('[data-phase]')?.dataset.phase;
  const field = () => document.getElementById('name');
  let build, shown, touched;
  for (const type of ['pointerdown', 'keydown']) on(type, () => (touched = true), true);
  // The browser may forbid storage.
  const store = (act) => {
    try {
      return act(sessionStorage);
    } catch {
      return;
    }
  };
  // At most once for each build: several servers behind one address may differ.
  const reload = (joins) => store((kept) => {
    const builds = kept.getItem('salon.build')?.split(' ') ?? [];
    if (builds.includes(build)) return false;
    kept.setItem('salon.build', [...builds, build].join(' '));
    if (joins) kept.setItem('salon.join', JSON.stringify([location.pathname, field()?.value, Date.now()]));
    location.reload();
    return true;
  });
  on('gone', async () => {
    const answer = await fetch('/pkg/build.txt', { cache: 'no-store' }).catch(() => {});
    const now = answer?.ok && await answer.text().catch(() => '');
    if (!/^[0-9a-f]{16}$/.test(now) || now == html.build) return;
    build = now;
    // The banner of the server is part of the call.
    const joins = phase() == 'joining' && !document.querySelector('[data-notice=server]');
    // The person may have begun to type before this script was there.
    const used = touched || document.activeElement?.matches('input') || /waiting|knocking|call/.test(phase());
    if ((joins || !used) && reload(joins) || html.updated == build) return;
    html.updated = build;
    dispatchEvent(new Event('updated'));
    clearTimeout(shown);
    shown = setTimeout(() => document.getElementById('start').replaceChildren(), SHOWN_MS);
  });
  const [path, name, at] = store((kept) => {
    const joins = JSON.parse(kept.getItem('salon.join'));
    kept.removeItem('salon.join');
    return joins;
  }) ?? [];
  if (path != location.pathname || Date.now() - at > JOIN_MS) return;
  if (name && field()) Object.assign(field(), { value: name }).dispatchEvent(new Event('change', { bubbles: true }));
  document.querySelector('[data-early]')?.requestSubmit();
})();
