// Sends TURN requests over UDP, as a browser does (RFC 8656), to find out what a relay allows.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

const COOKIE = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const ALLOCATE = 0x0003;
const CREATE_PERMISSION = 0x0008;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const MESSAGE_INTEGRITY_LENGTH = 24;
const ERROR_CODE = 0x0009;
const XOR_PEER_ADDRESS = 0x0012;
const REALM = 0x0014;
const NONCE = 0x0015;
const REQUESTED_ADDRESS_FAMILY = 0x0017;
const REQUESTED_TRANSPORT = 0x0019;
const UDP = 17;
const HEADER_LENGTH = 20;
const ANSWER_MS = 5_000;
const VALID_S = 600;

const uint16 = (/** @type {number} */ value) => Buffer.from([value >> 8, value & 0xff]);

/**
 * @param {number} type
 * @param {Buffer} value
 */
const attribute = (type, value) =>
  Buffer.concat([uint16(type), uint16(value.length), value, Buffer.alloc(-value.length & 3)]);

/** The bytes of an address. */
const bytesOf = (/** @type {string} */ address) => {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  // URLs normalise the many forms of an address.
  const [first = [], last = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter(Boolean));
  const zeros = Array(8 - first.length - last.length).fill('0');
  return Buffer.concat([...first, ...zeros, ...last].map((group) => uint16(parseInt(group, 16))));
};

const familyOf = (/** @type {string} */ address) => (isIPv6(address) ? 2 : 1);

/**
 * @param {string} address
 * @param {Buffer} id of the transaction
 */
const peer = (address, id) => {
  const key = Buffer.concat([COOKIE, id]);
  const hidden = bytesOf(address).map((byte, at) => byte ^ key.readUInt8(at));
  // Permissions have no port.
  return attribute(XOR_PEER_ADDRESS, Buffer.concat([Buffer.from([0, familyOf(address)]), COOKIE.subarray(0, 2), hidden]));
};

const read = (/** @type {Buffer} */ message) => {
  /** @type {Map<number, Buffer>} */
  const attributes = new Map();
  for (let at = HEADER_LENGTH; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2);
    attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  const [, , hundreds = 0, rest = 0] = attributes.get(ERROR_CODE) ?? [];
  return { code: hundreds * 100 + rest, attributes };
};

/**
 * A user of a relay, with credentials made from the secret that it shares with the server.
 * @param {{ host: string, port: number }} relay
 * @param {string} secret
 * @param {string} name
 */
export const connectTo = async ({ host, port }, secret, name) => {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.connect(port, host);
  await once(socket, 'connect');
  const username = `${Math.floor(Date.now() / 1000) + VALID_S}:${name}`;
  const password = createHmac('sha1', secret).update(username).digest('base64');
  /** @type {Buffer} */
  let realm = Buffer.alloc(0);
  /** @type {Buffer} */
  let nonce = Buffer.alloc(0);

  /**
   * @param {number} method
   * @param {Buffer} id
   * @param {Buffer[]} attributes
   */
  const write = (method, id, attributes) => {
    const head = (/** @type {number} */ length) => Buffer.concat([uint16(method), uint16(length), COOKIE, id]);
    if (nonce.length === 0) return Buffer.concat([head(Buffer.concat(attributes).length), ...attributes]);
    const user = [attribute(USERNAME, Buffer.from(username)), attribute(REALM, realm), attribute(NONCE, nonce)];
    const body = Buffer.concat([...attributes, ...user]);
    const covered = Buffer.concat([head(body.length + MESSAGE_INTEGRITY_LENGTH), body]);
    const key = createHash('md5').update(`${username}:${realm}:${password}`).digest();
    return Buffer.concat([covered, attribute(MESSAGE_INTEGRITY, createHmac('sha1', key).update(covered).digest())]);
  };

  /**
   * The code of the relay's answer: 0 for success.
   * @param {number} method
   * @param {(id: Buffer) => Buffer[]} attributesFor
   * @returns {Promise<number>}
   */
  const ask = async (method, attributesFor) => {
    const id = randomBytes(12);
    socket.send(write(method, id, attributesFor(id)));
    const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    const { code, attributes } = read(answer);
    const isFirst = nonce.length === 0;
    realm = attributes.get(REALM) ?? realm;
    nonce = attributes.get(NONCE) ?? nonce;
    return code === 401 && isFirst ? ask(method, attributesFor) : code;
  };

  const transport = attribute(REQUESTED_TRANSPORT, Buffer.from([UDP, 0, 0, 0]));
  return {
    /** Requests a relayed address of the same family as another one. */
    allocate: (/** @type {string} */ like) =>
      ask(ALLOCATE, () => [transport, attribute(REQUESTED_ADDRESS_FAMILY, Buffer.from([familyOf(like), 0, 0, 0]))]),
    /** Requests permission to send to an address. */
    permit: (/** @type {string} */ address) => ask(CREATE_PERMISSION, (id) => [peer(address, id)]),
    close: () => socket.close(),
  };
};
