// The minimal transfer of a file to another page as ours does it: in order, written while it arrives, with a
// hash of the whole file compared at the end. The control of the benchmark.
const SLICE = 64 * 1024;
const PIECE = 1024 * 1024;
const HASHED = 4 * 1024 * 1024;

let channel;
let incoming;
let handled = Promise.resolve();

const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const hashOf = async (blob) => {
  const digests = [];
  for (let from = 0; from < blob.size; from += HASHED) {
    digests.push(...(await digest(await blob.slice(from, from + HASHED).arrayBuffer())));
  }
  return Array.from(await digest(new Uint8Array(digests))).join();
};

const give = async (file) => {
  const hash = hashOf(file);
  channel.send(JSON.stringify({ size: file.size }));
  for (let from = 0; from < file.size; from += PIECE) {
    const piece = await file.slice(from, from + PIECE).arrayBuffer();
    for (let at = 0; at < piece.byteLength; at += SLICE) channel.send(piece.slice(at, at + SLICE));
    if (channel.bufferedAmount > PIECE) {
      await new Promise((low) => channel.addEventListener('bufferedamountlow', low, { once: true }));
    }
  }
  channel.send(JSON.stringify({ hash: await hash }));
};

const open = async () => {
  const folder = await navigator.storage.getDirectory();
  const file = await folder.getFileHandle(`bare-${Date.now()}`, { create: true });
  return { file, writable: await file.createWritable(), collected: [], length: 0, written: Promise.resolve() };
};

const flush = (copy) => {
  const bytes = new Blob(copy.collected);
  Object.assign(copy, { collected: [], length: 0 });
  copy.written = copy.written.then(() => copy.writable.write(bytes));
};

const finish = async (copy, hash) => {
  if (copy.length) flush(copy);
  await copy.written;
  await copy.writable.close();
  const isSame = (await hashOf(await copy.file.getFile())) === hash;
  globalThis.arrived(isSame);
};

const hear = async (data) => {
  if (typeof data !== 'string') {
    incoming.collected.push(data);
    incoming.length += data.byteLength;
    if (incoming.length >= PIECE) flush(incoming);
    return;
  }
  const { size, hash, take } = JSON.parse(data);
  if (take) give(document.querySelector('input').files[0]);
  if (size) incoming = await open();
  if (hash) finish(incoming, hash);
};

globalThis.onConnection = (connection) => {
  channel = connection.createDataChannel('file', { negotiated: true, id: 0 });
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = PIECE;
  channel.onmessage = ({ data }) => {
    handled = handled.then(() => hear(data));
  };
};

/** Receives the file selected on the other page, and returns how long that took. */
globalThis.take = async () => {
  const begin = performance.now();
  const arrived = new Promise((resolve) => {
    globalThis.arrived = resolve;
  });
  channel.send(JSON.stringify({ take: true }));
  if (!(await arrived)) throw new Error('the file is damaged');
  return performance.now() - begin;
};
