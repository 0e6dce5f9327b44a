// A relay as operators run it: coturn with the shipped configuration.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mediaFile } from './media.mjs';

const PROGRAM = 'turnserver';
const PORT = 3478;
const TLS_PORT = 5349;
const START_MS = 10_000;
const READY = /UDP listener opened/g;
/** What it says last while it starts if its log is short. */
const READY_BRIEFLY = /admin thread/;
const CONFIGURATION = readFileSync(new URL('../../deploy/coturn.conf', import.meta.url), 'utf8');

/** Why a relay cannot run here; empty if it can. */
export const whyNoRelay = () => (spawnSync(PROGRAM, ['--version']).error ? 'coturn is not installed' : '');

/** Why a relay cannot use TLS here; empty if it can. */
export const whyNoCertificate = () => (spawnSync('openssl', ['version']).error ? 'openssl is not installed' : '');

const SELF_SIGNED = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=relay.test'];

/** A self-signed certificate with its key, and the flag that makes Chromium trust it. */
export const makeCertificate = () => {
  const words = [...SELF_SIGNED, '-keyout', '-', '-out', '-'];
  const path = mediaFile('relay.pem', () => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] }));
  const key = new X509Certificate(readFileSync(path)).publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(key).digest('base64');
  return { path, trust: `--ignore-certificate-errors-spki-list=${hash}` };
};

/**
 * The configuration that people are given, with no other line changed than those that one machine
 * cannot share with another.
 * @param {Record<string, string | null>} own values by name; null for a line that is taken out
 * @param {string[]} more
 */
const configure = (own, more) => {
  const substitute = (/** @type {string} */ text, /** @type {[string, string | null]} */ [name, value]) => {
    const line = new RegExp(`^${name}(=.*)?\\n`, 'gm');
    if (text.match(line)?.length !== 1) throw new Error(`deploy/coturn.conf says not once: ${name}`);
    return text.replace(line, () => (value === null ? '' : `${name}=${value}\n`));
  };
  return [Object.entries(own).reduce(substitute, CONFIGURATION), ...more, ''].join('\n');
};

/**
 * Starts one on a host.
 * @param {{ within: string[], address: string, address6?: string }} place
 * @param {string} secret
 * @param {{ certificate?: { path: string }, port?: number, isMeasured?: boolean }} options a certificate for TLS, which it
 *   does not speak without; whether it serves peers on the loopback, is as fast as it can be on one core without a
 *   limit of its own, and writes a short log
 */
export const startRelay = async ({ within, address, address6 }, secret, { certificate, port = PORT, isMeasured } = {}) => {
  const addresses = [address, address6].filter(Boolean);
  const text = configure(
    {
      realm: 'salon.test',
      'static-auth-secret': secret,
      'listening-port': String(port),
      'no-stdout-log': null,
      syslog: null,
      ...(certificate && { 'no-tls': null }),
      ...(isMeasured && { 'denied-peer-ip=127.0.0.0-127.255.255.255': null, 'max-bps': null }),
    },
    [
      ...addresses.flatMap((own) => [`listening-ip=${own}`, `relay-ip=${own}`]),
      ...(certificate ? [`cert=${certificate.path}`, `pkey=${certificate.path}`] : []),
      ...(isMeasured ? ['allow-loopback-peers', 'relay-threads=1'] : ['verbose']),
      ...['log-file=stdout', 'pidfile=/dev/null'],
    ],
  );
  const folder = mkdtempSync(join(tmpdir(), 'salon-relay-'));
  const path = join(folder, 'turnserver.conf');
  writeFileSync(path, text, { mode: 0o600 });
  const [program = PROGRAM, ...args] = [...within, PROGRAM, '-c', path];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);
  const ended = once(child, 'exit').then(() => process.off('exit', kill));

  let output = '';
  await new Promise((resolve, reject) => {
    const fail = () => {
      kill();
      reject(new Error(`${PROGRAM} does not listen\n${output}`));
    };
    const timer = setTimeout(fail, START_MS);
    child.once('exit', fail);
    child.stderr.on('data', (chunk) => (output += chunk));
    // Its output must be read, or the relay blocks when the pipe is full.
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const isReady = isMeasured ? READY_BRIEFLY.test(output) : (output.match(READY)?.length ?? 0) >= addresses.length;
      if (!isReady) return;
      clearTimeout(timer);
      child.off('exit', fail);
      resolve(undefined);
    });
  });
  const stop = () => {
    kill();
    return ended;
  };
  const hosts = [address, ...(address6 ? [`[${address6}]`] : [])];
  const waysTo = (/** @type {string} */ host) => {
    const url = `turn:${host}:${port}`;
    return [url, `${url}?transport=tcp`, ...(certificate ? [`turns:${host}:${TLS_PORT}`] : [])];
  };
  return {
    pid: child.pid,
    url: `turn:${address}:${port}`,
    stun: `stun:${address}:${port}`,
    overTls: `turns:${address}:${TLS_PORT}`,
    /** Over every address family and every transport. */
    all: hosts.flatMap(waysTo),
    /** Its log. */
    log: () => output,
    stop,
  };
};
