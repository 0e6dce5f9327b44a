// Attacks a server for a while and prints the results. attack.mjs starts this as a separate process,
// so that the quiet rooms do not wait for it.
//
//   node bench/signalling/attackers.mjs nothing|flood|noise|deafness|headers|pages <origin> <seconds>
import net from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { open, say, sendCandidate, steadily } from './wire.mjs';

const [, , kind, origin, length] = process.argv;
const SECONDS = Number(length);
const ADDRESSES = [2, 3, 4, 5, 6, 7, 8, 9].map((last) => `127.0.0.${last}`);
const KNOCKS_PER_SECOND = 1000;
const HALVES_PER_SECOND = 200;
const NOISE_PER_SECOND = 1000;
const LARGE_PER_SECOND = 50;
const LARGE = { type: 'offer', offer: { type: 'offer', sdp: 'v=0\r\n'.padEnd(30_000, 'a=rtcp-fb:96 nack pli\r\n') } };
const AGAIN_MS = 100;
const HEADERS_EACH = 250;
const HEADER = 'a'.repeat(390_000);
const PIPES_EACH = 2;
const PIPELINED = 50;

const counts = {};
const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);
const address = (number) => ADDRESSES[number % ADDRESSES.length];

/** An attack is expected to end with a refusal or a disconnection. */
const attack = (number) => {
  const socket = open(origin, address(number));
  socket.once('open', () => count('let in'));
  socket.once('error', ({ message }) => count(message));
  socket.once('close', (code) => count(`closed with ${code}`));
  return socket;
};

const knockHalf = (number) => {
  const { hostname: host, port } = new URL(origin);
  const socket = net.connect({ host, port, localAddress: address(number) });
  socket.write(`GET /ws HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\n`);
  socket.on('error', ({ code }) => count(code));
  socket.on('close', () => count('half a handshake ended'));
};

/** A connection that is reopened whenever it ends; `act` is called with each. */
const reopening = (number, act) => {
  const { hostname: host, port } = new URL(origin);
  const socket = net.connect({ host, port, localAddress: address(number) });
  socket.on('data', (data) => {
    for (const [, status] of `${data}`.matchAll(/HTTP\/1\.1 (\d+)/g)) count(`status ${status}`);
  });
  socket.once('connect', () => act(socket, `${host}:${port}`));
  socket.on('error', ({ code }) => count(code));
  socket.once('close', async () => {
    await sleep(AGAIN_MS);
    reopening(number, act);
  });
};

/** Sends more requests whenever the previous ones have been accepted. */
const pipeline = (socket, host) => {
  let turn = 0;
  const ask = () => {
    turn += 1;
    const path = turn % 2 ? `/room/room-${turn}/qr.svg` : `/room/room-${turn}`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: br\r\n\r\n`.repeat(PIPELINED), () => setImmediate().then(ask));
  };
  ask();
};

/** Rejoins whenever it is disconnected; the returned object has the current socket. */
const rejoining = (number, room, prepare = () => {}) => {
  const seat = {};
  const takeSeat = () => {
    const socket = attack(number);
    seat.socket = socket;
    socket.once('open', () => {
      say(socket, { type: 'join', room });
      prepare(socket);
    });
    socket.once('close', async () => {
      await sleep(AGAIN_MS);
      takeSeat();
    });
  };
  takeSeat();
  return seat;
};

const fromAll = (seats, perSecond, act) =>
  steadily(perSecond * seats.length, SECONDS, (turn) => {
    const { socket } = seats[turn % seats.length];
    // Data that the server does not read must not pile up here.
    if (socket.readyState !== socket.OPEN || socket.bufferedAmount > 0) return;
    act(socket);
    count('messages');
  });

const KINDS = {
  nothing: async () => {
    for (const end = performance.now() + SECONDS * 1000; performance.now() < end; ) await setImmediate();
  },
  flood: () => Promise.all([steadily(KNOCKS_PER_SECOND, SECONDS, attack), steadily(HALVES_PER_SECOND, SECONDS, knockHalf)]),
  noise: () => {
    const talkers = ADDRESSES.map((_, number) => rejoining(number, `noise-${number >> 1}`));
    const pingers = ADDRESSES.map((_, number) => rejoining(number, `pings-${number}`));
    const ping = (socket) => {
      socket.ping();
      say(socket, { type: 'ping' });
    };
    return Promise.all([fromAll(talkers, NOISE_PER_SECOND, sendCandidate), fromAll(pingers, NOISE_PER_SECOND, ping)]);
  },
  deafness: () => {
    const deaf = ADDRESSES.map((_, number) => rejoining(number, `deaf-${number}`, (socket) => socket.pause()));
    // A client that does not read does not notice that the server has closed either: the other one does.
    const talkers = ADDRESSES.map((_, number) =>
      rejoining(number, `deaf-${number}`, (socket) => {
        socket.on('message', (text) => text.includes('"peer-left"') && deaf[number].socket.terminate());
      }),
    );
    return fromAll(talkers, LARGE_PER_SECOND, (socket) => say(socket, LARGE));
  },
  headers: () => {
    const send = (socket, host) => socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Padding: ${HEADER}`);
    for (let number = 0; number < HEADERS_EACH * ADDRESSES.length; number += 1) reopening(number, send);
    return sleep(SECONDS * 1000);
  },
  pages: () => {
    for (let number = 0; number < PIPES_EACH * ADDRESSES.length; number += 1) reopening(number, pipeline);
    return sleep(SECONDS * 1000);
  },
};

await KINDS[kind]();
// The last ones still wait for a response.
await sleep(1000);
console.log(Object.entries(counts).map(([what, times]) => `${times} × ${what}`).join(', '));
process.exit();
