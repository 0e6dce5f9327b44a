// Hosts and the router between them, as Linux network namespaces, so that network faults can be produced. The
// server should run on the router.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launchWith, machines } from './chromium.mjs';

const CHROMIUM = fileURLToPath(new URL('chromium-on-host.sh', import.meta.url));
/** Public addresses, because no relay sends to private ones. Nothing leaves the namespaces. */
const IPV4 = '11.0';
const IPV6 = '2600:0:0';
/** Belongs to an interface that never goes away. */
const SERVER = `${IPV4}.0.1:3000`;
const ORIGIN = `http://${SERVER}`;
/** How long a host is offline while it changes its network. */
const BETWEEN_MS = 300;

const run = promisify(execFile);
const ip = (/** @type {string[]} */ ...words) => run('ip', words);

/** Why networks cannot be created here; empty if they can. */
export const whyNoNetworks = () => {
  const absent = ['ip', 'nft', 'sysctl', 'unshare'].filter((tool) => spawnSync(tool, ['-V']).error);
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`;
  const { error, stderr } = spawnSync('unshare', ['--net', 'nft', 'add table inet trial'], { encoding: 'utf8' });
  return (error?.message ?? stderr).trim();
};

/**
 * Removes a namespace with all that runs in it.
 * @param {string} name
 */
const removeNamespace = (name) => {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  const pids = stdout.split('\n').filter(Boolean);
  if (pids.length > 0) spawnSync('kill', ['-KILL', ...pids]);
  spawnSync('ip', ['netns', 'delete', name]);
};

/** Removes leftovers of killed runs. */
const removeLeftovers = () => {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const [name, pid] of stdout.matchAll(/^salon-(\d+)-\w+/gm)) {
    if (!existsSync(`/proc/${pid}`)) removeNamespace(name);
  }
};

/** Creates hosts that reach each other, and the server, through one router, by IPv4. */
export const makeNetwork = (/** @type {string[]} */ ...hosts) => make(hosts, {});

/** Creates hosts that also reach each other by IPv6. */
export const makeDualNetwork = (/** @type {string[]} */ ...hosts) => make(hosts, { dual: true });

/** Creates hosts that are each behind a NAT of their own, which uses another port for each destination. */
export const makeHomes = (/** @type {string[]} */ ...hosts) => make(hosts, { homes: true });

// IPv6 would give each host more addresses seconds later, an unwanted change of network: tests that want IPv6
// configure the addresses themselves.
const NO_IPV6 = ['net.ipv6.conf.default.disable_ipv6=1'];
const OWN_IPV6 = ['addr_gen_mode=1', 'accept_ra=0', 'accept_dad=0'].map((setting) => `net.ipv6.conf.default.${setting}`);

/**
 * @param {string[]} hosts their names
 * @param {{ dual?: boolean, homes?: boolean }} kind
 */
const make = async (hosts, { dual = false, homes = false }) => {
  const nameOf = (/** @type {string} */ member) => `salon-${process.pid}-${member}`;
  const router = nameOf('router');
  const nft = (/** @type {string} */ rules) => ip('netns', 'exec', router, 'nft', rules);

  const remove = () => {
    process.off('exit', remove);
    const gates = homes ? hosts.map((host) => `gate-${host}`) : [];
    for (const member of [...hosts, ...gates, 'router']) removeNamespace(nameOf(member));
  };

  /**
   * Puts a NAT between a host and the router.
   * @param {string} host
   * @param {number} subnet
   */
  const prepareHome = async (host, subnet) => {
    const [name, gate] = [nameOf(host), nameOf(`gate-${host}`)];
    const at = (/** @type {string[]} */ ...words) => ip('-n', gate, ...words);
    await ip('netns', 'add', gate);
    await ip('netns', 'exec', gate, 'sysctl', '-eqw', 'net.ipv4.ip_forward=1');
    await ip('link', 'add', 'wan', 'netns', gate, 'type', 'veth', 'peer', 'name', host, 'netns', router);
    await ip('link', 'add', 'lan', 'netns', gate, 'type', 'veth', 'peer', 'name', 'lan', 'netns', name);
    await ip('-n', router, 'address', 'add', `${IPV4}.${subnet}.1/24`, 'dev', host);
    await ip('-n', router, 'link', 'set', host, 'up');
    await at('address', 'add', `${IPV4}.${subnet}.2/24`, 'dev', 'wan');
    await at('address', 'add', `192.168.${subnet}.1/24`, 'dev', 'lan');
    for (const device of ['wan', 'lan']) await at('link', 'set', device, 'up');
    await at('route', 'add', 'default', 'via', `${IPV4}.${subnet}.1`);
    await ip('-n', name, 'address', 'add', `192.168.${subnet}.2/24`, 'dev', 'lan');
    await ip('netns', 'exec', gate, 'nft', `table ip home {
      chain translate { type nat hook postrouting priority 100; oifname wan masquerade fully-random; }
      chain protect { type filter hook forward priority 0; policy drop; iifname lan accept; ct state established,related accept; }
    }`);
    return {
      address: `${IPV4}.${subnet}.2`,
      address6: '',
      join: async () => {
        await ip('-n', name, 'link', 'set', 'lan', 'up');
        await ip('-n', name, 'route', 'add', 'default', 'via', `192.168.${subnet}.1`);
      },
      leave: () => ip('-n', name, 'link', 'delete', 'lan'),
    };
  };

  let subnets = 0;
  /**
   * Makes a network that was not there before, for a host to join.
   * @param {string} host
   */
  const prepare = async (host) => {
    const name = nameOf(host);
    const subnet = `${IPV4}.${(subnets += 1)}`;
    const subnet6 = `${IPV6}:${subnets}:`;
    const link = `net${subnets}`;
    if (homes) return prepareHome(host, subnets);
    await ip('link', 'add', link, 'netns', name, 'type', 'veth', 'peer', 'name', host, 'netns', router);
    await ip('-n', router, 'address', 'add', `${subnet}.1/24`, 'dev', host);
    await ip('-n', router, 'link', 'set', host, 'up');
    await ip('-n', name, 'address', 'add', `${subnet}.2/24`, 'dev', link);
    if (dual) {
      await ip('-n', router, 'address', 'add', `${subnet6}:1/64`, 'dev', host, 'nodad');
      await ip('-n', name, 'address', 'add', `${subnet6}:2/64`, 'dev', link, 'nodad');
    }
    return {
      address: `${subnet}.2`,
      address6: dual ? `${subnet6}:2` : '',
      join: async () => {
        await ip('-n', name, 'link', 'set', link, 'up');
        await ip('-n', name, 'route', 'add', 'default', 'via', `${subnet}.1`);
        if (dual) await ip('-n', name, '-6', 'route', 'add', 'default', 'via', `${subnet6}:1`);
      },
      leave: () => ip('-n', name, 'link', 'delete', link),
    };
  };
  /** @type {Map<string, Awaited<ReturnType<typeof prepare>>>} */
  const joined = new Map();

  removeLeftovers();
  process.once('exit', remove);
  const settings = ['net.ipv4.ip_forward=1', ...(dual ? ['net.ipv6.conf.all.forwarding=1', ...OWN_IPV6] : NO_IPV6)];
  for (const member of ['router', ...hosts]) {
    await ip('netns', 'add', nameOf(member));
    await ip('-n', nameOf(member), 'link', 'set', 'lo', 'up');
    await ip('netns', 'exec', nameOf(member), 'sysctl', '-eqw', ...settings);
  }
  await ip('-n', router, 'address', 'add', new URL(ORIGIN).hostname, 'dev', 'lo');
  // Packets to an abandoned address are lost silently.
  await ip('-n', router, 'route', 'add', 'blackhole', `${IPV4}.0.0/16`);
  if (dual) await ip('-n', router, '-6', 'route', 'add', 'blackhole', `${IPV6}::/48`);
  await nft(`table inet faults {
    chain in { type filter hook prerouting priority 0; }
    chain between { type filter hook forward priority 0; }
    chain out { type filter hook postrouting priority 0; }
  }`);
  // Names cannot be resolved here, neighbours are looked for by multicast, and each home knows the private
  // addresses of the others as their candidates.
  await nft(`table inet watch {
    chain in {
      type filter hook prerouting priority -10;
      meta l4proto { tcp, udp } th dport { 53, 5353 } return;
      meta l4proto { tcp, udp } ip daddr != { ${IPV4}.0.0/16, 192.168.0.0/16, 127.0.0.0/8, 224.0.0.0/4 } counter;
    }
  }`);
  for (const host of hosts) {
    joined.set(host, await prepare(host));
    await joined.get(host)?.join();
  }

  const launchAt = (/** @type {string} */ host, /** @type {string} */ origin, /** @type {string[]} */ flags) => ({
    // The page gets devices although its address is neither https nor loopback.
    ...launchWith([...machines.usual, ...flags], `--unsafely-treat-insecure-origin-as-secure=${origin}`),
    executablePath: CHROMIUM,
    env: { ...process.env, NETNS: nameOf(host) },
  });

  return {
    /** Where to start the server. */
    server: { within: ['ip', 'netns', 'exec', router], listen: SERVER },
    /** @param {string} host where to start something else */
    placeOn: (host) => {
      const { address = '', address6 = '' } = joined.get(host) ?? {};
      return { within: ['ip', 'netns', 'exec', nameOf(host)], address, address6 };
    },
    /**
     * @param {string} host where Chromium is to run
     * @param {string[]} flags
     */
    launchOptions: (host, ...flags) => launchAt(host, ORIGIN, flags),
    /**
     * The same for pages from another address.
     * @param {string} host
     * @param {string} origin
     * @param {string[]} flags
     */
    launchOptionsFor: (host, origin, ...flags) => launchAt(host, origin, flags),
    /**
     * Takes the addresses of the other family from a host.
     * @param {string} host
     * @param {'ipv4' | 'ipv6'} family
     */
    only: async (host, family) => {
      const { stdout } = await ip('-n', nameOf(host), '-o', 'link');
      const [device = ''] = stdout.match(/\bnet\d+/g) ?? [];
      await ip('-n', nameOf(host), family === 'ipv4' ? '-6' : '-4', 'address', 'flush', 'dev', device);
    },
    /** Moves a host from one network to another, as when leaving a Wi-Fi. */
    moveToNewAddress: async (/** @type {string} */ host) => {
      await joined.get(host)?.leave();
      const [next] = await Promise.all([prepare(host), pause(BETWEEN_MS)]);
      await next.join();
      joined.set(host, next);
    },
    /** Drops packets from one host to another; those to the server still arrive. */
    dropBetween: (/** @type {string} */ from, /** @type {string} */ to) =>
      nft(`add rule inet faults between iifname ${from} oifname ${to} counter drop`),
    /** Drops what a host sends to the server or to others, except for these ports. */
    allowOnly: (/** @type {string} */ host, /** @type {string} */ ports) =>
      nft(`add rule inet faults in iifname ${host} ${ports} accept; add rule inet faults in iifname ${host} counter drop`),
    /** Drops all UDP from a host. */
    dropUdp: (/** @type {string} */ host) => nft(`add rule inet faults in iifname ${host} meta l4proto udp counter drop`),
    /** Sets the largest packet that reaches a host, and that it sends. */
    setMtu: async (/** @type {string} */ host, /** @type {number} */ bytes) => {
      await ip('-n', router, 'link', 'set', host, 'mtu', String(bytes));
      const { stdout } = await ip('-n', nameOf(host), '-o', 'link');
      const [device = ''] = stdout.match(/\bnet\d+/g) ?? [];
      await ip('-n', nameOf(host), 'link', 'set', device, 'mtu', String(bytes));
    },
    /** Drops a percentage of the packets from one host to another. */
    loseBetween: (/** @type {string} */ from, /** @type {string} */ to, /** @type {number} */ percent) =>
      nft(`add rule inet faults between iifname ${from} oifname ${to} numgen random mod 100 < ${percent} counter drop`),
    /** Drops all packets from and to a host. */
    dropAll: (/** @type {string} */ host) =>
      nft(`add rule inet faults in iifname ${host} counter drop; add rule inet faults out oifname ${host} counter drop`),
    /** Drops packets from one host to others beyond a rate. */
    squeeze: (/** @type {string} */ host, /** @type {number} */ kilobytesPerSecond) =>
      nft(`add rule inet faults between iifname ${host} limit rate over ${kilobytesPerSecond} kbytes/second counter drop`),
    /** Drops all packets from a host beyond a rate. */
    squeezeAll: (/** @type {string} */ host, /** @type {number} */ kilobytesPerSecond) =>
      nft(`add rule inet faults in iifname ${host} limit rate over ${kilobytesPerSecond} kbytes/second counter drop`),
    /** Number of packets that were meant for somebody who is not part of this network. */
    countStrangers: async () => {
      const { stdout } = await ip('netns', 'exec', router, 'nft', 'list table inet watch');
      const [, packets = ''] = /counter packets (\d+)/.exec(stdout) ?? [];
      return Number(packets);
    },
    /** Ends every fault. */
    restore: () => nft('flush table inet faults'),
    remove,
  };
};
