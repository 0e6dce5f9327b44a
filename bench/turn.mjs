// Compares Salon's TURN server with coturn, each alone on one core, with the clients and their peers on
// another: what a relayed packet costs and how long it takes, what the server keeps for requests of people who
// have proven nothing, and how much it answers them. Linux with two cores; needs coturn, `npm ci` in end2end/,
// a release build, and bench/turn/ built into target/turn-load/. Writes to bench/results only.
//
//   node bench/turn.mjs [seconds of packets per server and case] [rounds, at least 2] [cases, instead of all]
import { execFile, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startRelay, whyNoRelay } from '../end2end/support/relay.mjs';
import { startSalonAt } from '../end2end/support/salon.mjs';
import { open, say } from './signalling/wire.mjs';

const SECONDS = Number(process.argv[2] ?? 10);
const ROUNDS = Number(process.argv[3] ?? 3);
const GENERATOR = fileURLToPath(new URL('../target/turn-load/release/salon-turn-load', import.meta.url));
/** Before all other programs on this machine, if that is permitted. */
const FIRST = ['chrt', '--rr', '1'];
const isFirst = spawnSync('chrt', [...FIRST.slice(1), 'true']).status === 0;
const [SERVER_CORE, GENERATOR_CORE] = [0, 1].map((core) => [...(isFirst ? FIRST : []), 'taskset', '-c', String(core)]);
const FILES = ['prlimit', '--nofile=16384:'];
const HOST = '127.0.0.1';
const SECRET = 'secret';
const EXPIRES_S = 3600;
/** Above these percentages, the delays are not the server's alone: the generator was slow, or a core was taken. */
const MOST = { generator: 90, generatorWaited: 10, waited: 5 };
const ATTEMPTS = 5;
const CALM_MS = 5000;
/** In bytes per request: while the requests arrive, a server's memory may grow by half a megabyte without them. */
const NOTHING = 5;

/** Packets follow each other evenly, or as those of a camera: all packets of a frame at once. */
const CASES = {
  video: { what: '1,200 B', bytes: 1200, rate: 50_000, burst: 1 },
  audio: { what: '120 B', bytes: 120, rate: 50_000, burst: 1 },
  frames: { what: '1,200 B, 8 at once', bytes: 1200, rate: 50_000, burst: 8 },
};
const FLOODS = { one: 'requests from one /24 network', many: 'requests from 57,344 /24 networks' };
const NAMES = ['Salon', 'coturn'];

const freePort = async () => {
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
};

/** Salon's credentials belong to a seat, and each seat has its share of the bandwidth. */
const SEATS = 10;

/** Takes a seat. */
const takeSeat = (origin) =>
  new Promise((resolve, reject) => {
    const socket = open(origin, HOST);
    socket.once('open', () => say(socket, { type: 'join', room: 'bench' }));
    socket.once('close', (code) => reject(new Error(`turned away with ${code}`)));
    socket.on('message', (text) => {
      const { type, iceServers = [] } = JSON.parse(text);
      if (type !== 'joined') return;
      const server = iceServers.find(({ username }) => username);
      if (server) resolve({ socket, ...server });
      else reject(new Error('Salon offers no relay'));
    });
  });

/** Both serve peers on the loopback, and are as users run them otherwise. */
const SERVERS = {
  Salon: async (port) => {
    const addresses = ['--media-listen', `${HOST}:${port}`, '--external-ip', HOST, '--relay-allow', '127.0.0.0/8'];
    const options = [...addresses, '--max-participants', String(SEATS)];
    const salon = await startSalonAt({ within: SERVER_CORE, listen: `${HOST}:0`, relays: true }, ...options);
    const seats = await Promise.all(Array.from({ length: SEATS }, () => takeSeat(salon.origin)));
    const stop = async () => {
      seats.forEach(({ socket }) => socket.terminate());
      await salon.stop();
    };
    const credentials = seats.flatMap(({ username, credential }) => [username, credential]);
    return { pid: salon.pid, credentials, stop };
  },
  coturn: async (port) => {
    const relay = await startRelay({ within: SERVER_CORE, address: HOST }, SECRET, { port, isMeasured: true });
    const username = `${Math.floor(Date.now() / 1000) + EXPIRES_S}:bench`;
    const password = createHmac('sha1', SECRET).update(username).digest('base64');
    return { pid: relay.pid, credentials: [username, password], stop: relay.stop };
  },
};

const generate = async (...words) => {
  const [program, ...rest] = [...GENERATOR_CORE, ...FILES, GENERATOR, ...words.map(String)];
  const { stdout } = await promisify(execFile)(program, rest);
  return JSON.parse(stdout);
};

/** A separate server each time, because leftovers of one measurement would count in the next. */
const measure = async (name, act) => {
  const port = await freePort();
  const server = await SERVERS[name](port);
  const figures = await act({ ...server, address: `${HOST}:${port}` });
  await server.stop();
  return figures;
};

const relay = ({ bytes, rate, burst }) => ({ address, pid, credentials }) =>
  generate('relay', address, pid, credentials.join(' '), bytes, rate, burst, SECONDS);
const flood = (networks) => ({ address, pid }) => generate('flood', address, pid, networks);

const discarded = [];
/** Repeats measurements that something else has spoilt. */
const measureRelay = async (name, parameters) => {
  for (let attempt = 1; ; attempt += 1) {
    const figures = await measure(name, relay(parameters));
    const isSpoilt = figures.dropped > 0 || Object.entries(MOST).some(([key, most]) => figures[key] > most);
    if (!isSpoilt) return figures;
    discarded.push({ name, ...figures });
    await sleep(CALM_MS);
    if (attempt === ATTEMPTS) throw new Error(`this machine is too busy, or too slow: ${JSON.stringify(figures)}`);
  }
};

const absent = whyNoRelay();
if (absent) throw new Error(absent);
const asked = process.argv.slice(4);
const isAsked = (kind) => asked.length === 0 || asked.includes(kind);
const kinds = [...Object.keys(CASES), ...Object.keys(FLOODS)].filter(isAsked);
const rounds = Object.fromEntries(kinds.map((kind) => [kind, { Salon: [], coturn: [] }]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const kind of kinds) {
    for (const name of NAMES) {
      const figures = kind in CASES ? await measureRelay(name, CASES[kind]) : await measure(name, flood(kind));
      rounds[kind][name].push(figures);
      console.error(`${round + 1}/${ROUNDS} ${kind} ${name} ${JSON.stringify(figures)}`);
    }
  }
}

const medianOf = (kind, name, key) => {
  const all = rounds[kind][name].map((figures) => figures[key]).sort((a, b) => a - b);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
};
const figure = (value) => {
  if (Math.abs(value) >= 1000) return value.toFixed(0);
  return value === 0 ? '0' : value.toPrecision(3);
};
const cell = (kind, name, key) => {
  const all = rounds[kind][name].map((figures) => figures[key]);
  return `${figure(medianOf(kind, name, key))} (${figure(Math.min(...all))}–${figure(Math.max(...all))})`;
};

const isCheap = (ratio) => ratio <= 1;
const PACKETS = {
  cpu: { what: 'CPU per relayed packet, µs', goal: 'at most 1.0 times coturn, better 0.5', isMet: isCheap },
  p50: { what: 'delay p50, µs', goal: '' },
  p99: { what: 'delay p99, µs', goal: 'not above coturn', isMet: isCheap },
  loss: { what: 'lost, %', goal: '' },
  busy: { what: 'server busy, % of its core', goal: '' },
  waited: { what: 'server waited for its core, %', goal: '' },
  generator: { what: 'generator busy, % of its core', goal: '' },
};
const REQUESTS = {
  state: { what: 'state per unproven request, B', goal: '0 against 18,900', isMet: (_, ours) => ours < NOTHING },
  amplification: { what: 'bytes out per byte in', goal: 'at most 1 against 3.6', isMet: (_, ours) => ours <= 1 },
  answer: { what: 'bytes of an answer', goal: '' },
  answers: { what: 'answers to 100,000 requests', goal: '' },
  cpu: { what: 'CPU per request, µs', goal: '' },
  dropped: { what: 'requests that the server did not read', goal: '' },
};

const rowsOf = (kind) =>
  Object.entries(kind in CASES ? PACKETS : REQUESTS).map(([key, { what, goal, isMet }]) => {
    const [ours, theirs] = NAMES.map((name) => medianOf(kind, name, key));
    const ratio = ours / theirs;
    const verdict = isMet && (isMet(ratio, ours) ? 'met' : 'not met');
    const label = CASES[kind]?.what ?? FLOODS[kind];
    const cells = NAMES.map((name) => cell(kind, name, key));
    return [`${label}: ${what}`, ...cells, theirs === 0 ? '' : ratio.toFixed(2), goal, verdict ?? ''];
  });

const date = new Date().toISOString().slice(0, 10);
const machine = `${os.cpus().length} × ${os.cpus()[0].model.trim()}, ${os.type()} ${os.release()}`;
const table = [['what', ...NAMES, 'ratio', 'goal', ''], Array(6).fill('---'), ...kinds.flatMap(rowsOf)];
const rates = kinds.flatMap((kind) => (kind in CASES ? [`${CASES[kind].what}: ${CASES[kind].rate}`] : []));
console.log(`Median (least–most) of ${ROUNDS} runs of each, in turn, ${date}, ${machine}.`);
console.log(`100 allocations, both directions, ${SECONDS} s each; packets a second: ${rates.join('; ')}. ${discarded.length} runs discarded.`);
if (!isFirst) console.log('Without permission to run before other programs: the delays are theirs, too.');
console.log('Delays include up to 50 µs until the receiver looks.\n');
console.log(table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));

const results = new URL('results/', import.meta.url);
mkdirSync(results, { recursive: true });
writeFileSync(new URL('turn.json', results), `${JSON.stringify({ date, machine, rounds, discarded }, null, 2)}\n`);
