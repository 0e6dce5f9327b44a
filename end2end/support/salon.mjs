// Starts the servers for tests and benchmarks, each on a free port of the loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
/** Modification time of a file, or never. */
const written = (/** @type {string} */ file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
/** The most recently built server, which the pages in target/site belong to. */
const latest = () =>
  ['release', 'debug']
    .map((profile) => fileURLToPath(new URL(`target/${profile}/salon`, ROOT)))
    .reduce((one, other) => (written(other) > written(one) ? other : one));
export const BINARY = process.env['SALON_BIN'] ?? latest();
const START_MS = 20_000;
const STOP_MS = 20_000;

/** Data folders of servers, removed at the end. */
const folders = /** @type {string[]} */ ([]);
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** @typedef {{ within: string[], listen: string, relays?: boolean }} Place the command that starts it where it belongs, if any; whether it is its own STUN and TURN server */

/**
 * @param {Place} place
 * @param {string} data the folder of what outlives it
 * @param {string[]} options
 */
const launch = async ({ within, listen, relays }, data, options) => {
  const [program = BINARY, ...prefix] = [...within, BINARY];
  const namesServers = [...within, ...options].some((word) => word === '--ice-servers' || word.startsWith('SALON_ICE_SERVERS='));
  const ice = namesServers || relays ? [] : ['--ice-servers', 'none'];
  const child = spawn(program, [...prefix, '--listen', listen, ...ice, '--log-level', 'warn', ...options], {
    cwd: ROOT,
    env: { ...process.env, SALON_DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Nothing outlives a run, however it ends.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));

  let output = '';
  const origin = await new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => {
      kill();
      reject(new Error(`${BINARY} ${why}\n${output}`));
    };
    const timer = setTimeout(fail, START_MS, `named no address within ${START_MS} ms`);
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      const [url] = /https?:\/\/[^\s/]+/.exec(output) ?? [];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`ended with code ${code}`));
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const timer = setTimeout(kill, STOP_MS);
    child.kill('SIGTERM');
    const [code] = await ended;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`${BINARY} did not end cleanly on SIGTERM (code ${code})\n${output}`);
  };
  return { origin, child, stop };
};

/**
 * Starts the built server and waits for the line that names its address.
 * @param {Place} place
 * @param {string[]} options further command line options
 */
export const startSalonAt = async (place, ...options) => {
  const data = await mkdtemp(join(tmpdir(), 'salon-'));
  folders.push(data);
  let { origin, child, stop } = await launch(place, data, options);
  return {
    origin,
    get pid() {
      return child.pid;
    },
    stop: () => stop(),
    /** Kills it. */
    kill: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    /** Starts it again at the same address. */
    startAgain: async () => {
      ({ child, stop } = await launch({ ...place, listen: new URL(origin).host }, data, options));
    },
  };
};

/** @param {string[]} options */
export const startSalon = (...options) => startSalonAt({ within: [], listen: '127.0.0.1:0' }, ...options);

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };

/**
 * Serves the files of one folder.
 * @param {URL} folder with a slash at its end
 */
export const startFiles = async (folder) => {
  const server = createServer(async ({ url = '/' }, response) => {
    const name = new URL(url, 'http://files').pathname.slice(1);
    const type = TYPES[/** @type {keyof typeof TYPES} */ (extname(name))];
    const body = type && !name.includes('/') && (await readFile(new URL(name, folder)).catch(() => null));
    if (body) response.writeHead(200, { 'content-type': type }).end(body);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { origin: `http://127.0.0.1:${port}`, stop };
};
