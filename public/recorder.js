// Writes a recording down and keeps its time: a worker is neither slowed down in the background nor kept
// waiting by the page. What it is told is done in order; what fails ends it.
const PERIOD_MS = 1000 / 30;
const BLANK = 0x20;
const files = new Map();
const text = new TextEncoder();
let folder, release, released, isDrawn = true, isBroken = false, hasWritten = false, queue = Promise.resolve();

// A recording whose lock is free is no longer being written.
const hold = (name) =>
  new Promise((held, failed) => {
    released = navigator.locks.request(name, () => (held(), new Promise((done) => (release = done))));
    released.catch(failed);
  });

const file = async (name) => {
  if (!files.has(name)) {
    const handle = await folder.getFileHandle(name, { create: true });
    files.set(name, await handle.createSyncAccessHandle());
  }
  return files.get(name);
};

const write = (handle, bytes, at) => {
  if (handle.write(bytes, { at }) < bytes.byteLength) throw new DOMException('', 'QuotaExceededError');
  handle.flush();
};

const actions = {
  async begin({ library, id, lock }) {
    await hold(lock);
    const root = await navigator.storage.getDirectory();
    folder = await (await root.getDirectoryHandle(library, { create: true })).getDirectoryHandle(id, { create: true });
  },
  async append({ name, blob }) {
    if (isBroken) return;
    const handle = await file(name);
    write(handle, new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob)), handle.getSize());
    if (!hasWritten) postMessage('written');
    hasWritten = true;
  },
  // Over the one before and never shorter, so that it is whole at every moment.
  async manifest({ name, manifest }) {
    const handle = await file(name);
    const words = text.encode(manifest);
    const bytes = new Uint8Array(Math.max(words.length, handle.getSize())).fill(BLANK);
    bytes.set(words);
    write(handle, bytes, 0);
  },
  async finish() {
    clearInterval(clock);
    for (const handle of files.values()) handle.close();
    release?.();
    // Otherwise another page may still find it locked.
    await released?.catch(() => {});
    postMessage('finished');
  },
};

const clock = setInterval(() => {
  if (isDrawn) postMessage('draw');
  isDrawn = false;
}, PERIOD_MS);

onmessage = ({ data }) => {
  if (data === 'drawn') return void (isDrawn = true);
  queue = queue
    .then(() => actions[data.action](data))
    .catch((error) => {
      if (!isBroken) postMessage(error.name === 'QuotaExceededError' ? 'full' : 'failed');
      isBroken = true;
    });
};
