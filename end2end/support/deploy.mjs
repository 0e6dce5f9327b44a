// The files in deploy/, for tests to run: only lines that a shared machine requires are changed.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_MS = 10_000;
// Where servers are installed, which not every PATH includes.
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };

/**
 * Why a program cannot be run here; empty if it can.
 * @param {string} program
 */
export const whyNo = (program) => (spawnSync(program, ['--version'], { env }).error ? `${program} is not installed` : '');

/** The text of a file. */
export const shipped = (/** @type {string} */ name) => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

/**
 * The text of a file with parts of it replaced, each of which is there just so often.
 * @param {string} name
 * @param {[from: string, to: string, times?: number][]} parts
 */
export const shippedWith = (name, ...parts) =>
  parts.reduce((text, [from, to, times = 1]) => {
    const pieces = text.split(from);
    if (pieces.length !== times + 1) throw new Error(`deploy/${name} says ${pieces.length - 1} times, not ${times}: ${from}`);
    return pieces.join(to);
  }, shipped(name));

/** A port that is not in use. */
export const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
};

/** @param {number} port */
const answers = async (port) => {
  const socket = connect(port, '127.0.0.1');
  const answer = await once(socket, 'connect').then(() => true, () => false);
  socket.destroy();
  return answer;
};

/**
 * Starts a program and waits until it listens.
 * @param {string} folder where it may write
 * @param {number} port
 * @param {string} program
 * @param {string[]} args
 */
const start = async (folder, port, program, ...args) => {
  const child = spawn(program, args, { cwd: folder, env: { ...env, HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit').then(() => process.off('exit', kill));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  for (const until = Date.now() + START_MS; !(await answers(port)); await pause(50)) {
    if (child.exitCode !== null || Date.now() > until) {
      kill();
      throw new Error(`${program} does not listen\n${output}`);
    }
  }
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { stop, log: () => output };
};

/** @typedef {{ folder: string, http: number, https: number, salon: string, certificate: string }} Place */

/**
 * How each proxy is given its configuration, is asked whether it understands it, and is started.
 * @type {Record<string, (place: Place) => { text: string, check: string[], run: string[] }>}
 */
const proxies = {
  caddy: ({ folder, http, https, salon }) => {
    const path = join(folder, 'Caddyfile');
    // Its certificate is from its own authority, which no test needs to trust.
    const global = `\n{\n\tadmin off\n\tskip_install_trust\n\tlocal_certs\n\thttp_port ${http}\n\thttps_port ${https}\n`;
    const text = shippedWith('Caddyfile', ['127.0.0.1:3000', salon], ['\n{\n', global]);
    const args = ['--config', path, '--adapter', 'caddyfile'];
    return { text, check: ['caddy', 'validate', ...args], run: ['caddy', 'run', ...args] };
  },
  nginx: ({ folder, http, https, salon, certificate }) => {
    const site = shippedWith(
      'nginx.conf',
      ['127.0.0.1:3000', salon],
      ['/etc/letsencrypt/live/call.example.org/fullchain.pem', certificate],
      ['/etc/letsencrypt/live/call.example.org/privkey.pem', certificate],
      ['listen 80;', `listen ${http};`],
      ['listen [::]:80;', `listen [::]:${http};`],
      ['listen 443 ssl', `listen ${https} ssl`],
      ['listen [::]:443 ssl', `listen [::]:${https} ssl`],
      ['/var/log/nginx/error.log', 'stderr'],
    );
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
    // What Debian's nginx.conf puts around it.
    const text = `daemon off; pid ${folder}/pid; events {}\nhttp { access_log ${folder}/access.log; ${folders.join(' ')}\n${site}}\n`;
    const args = ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx')];
    return { text, check: ['nginx', '-t', ...args], run: ['nginx', ...args] };
  },
  haproxy: ({ folder, http, https, salon, certificate }) => {
    const path = join(folder, 'haproxy');
    const text = shippedWith(
      'haproxy.cfg',
      ['127.0.0.1:3000', salon],
      ['/etc/haproxy/call.example.org.pem alpn', `${certificate} alpn`],
      ['bind :::80 ', `bind :::${http} `],
      ['bind :::443 ', `bind :::${https} `],
      // Only root may switch users.
      ['    user haproxy\n', ''],
      ['    group haproxy\n', ''],
      ['    chroot /var/lib/haproxy\n', ''],
    );
    return { text, check: ['haproxy', '-c', '-f', path], run: ['haproxy', '-W', '-f', path] };
  },
};

export const PROXIES = Object.keys(proxies);

/**
 * Starts a proxy in front of a server, as its file in deploy/ has it.
 * @param {string} name
 * @param {string} salon its address and port
 * @param {string} certificate with its key
 */
export const startProxy = async (name, salon, certificate) => {
  const folder = mkdtempSync(join(tmpdir(), `salon-${name}-`));
  const [http, https] = [await freePort(), await freePort()];
  const { text, check, run } = /** @type {(typeof proxies)[string]} */ (proxies[name])({ folder, http, https, salon, certificate });
  await writeFile(join(folder, name === 'caddy' ? 'Caddyfile' : name), text);
  const [program = '', ...args] = check;
  const checked = spawnSync(program, args, { env: { ...env, HOME: folder }, encoding: 'utf8' });
  const [server = '', ...words] = run;
  const { stop, log } = await start(folder, https, server, ...words);
  const access = join(folder, 'access.log');
  return {
    http,
    https,
    /** Its verdict on the file. */
    checked: { status: checked.status, output: checked.stdout + checked.stderr },
    /** Its output since, including its access log. */
    log: () => log() + (existsSync(access) ? readFileSync(access, 'utf8') : ''),
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
