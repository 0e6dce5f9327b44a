// How Chromium is started: with a fake camera and microphone.
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { patternFile } from './pattern.mjs';
import { silenceFile, voiceFile } from './sounds.mjs';

const CAMERA = '--use-fake-device-for-media-stream';
// The shell cannot prompt, and has no picker.
const ALLOWED = '--use-fake-ui-for-media-stream';
/**
 * Pages show the path as the camera's name; this keeps it short.
 * @param {number} rate
 */
const pattern = (rate) => `--use-file-for-fake-video-capture=${relative(process.cwd(), patternFile(rate))}`;
const PATTERN = pattern(10);

const SHARES = '--auto-select-tab-capture-source-by-title=Small print';

// It may be the only interface.
const LOOPBACK = '--allow-loopback-in-peer-connection';

const WHOLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
// The same engine without the browser around its pages, which would double the processor time.
const SHELL = process.env['CHROMIUM_SHELL'] ?? (process.env['CHROMIUM'] ? '' : '/usr/bin/chromium-headless-shell');

/**
 * @param {string[]} devices flags for the machine's devices
 * @param {string} network a flag for the network it is on
 */
export const launchWith = (devices, network = LOOPBACK) => ({
  executablePath: devices.includes(ALLOWED) && existsSync(SHELL) ? SHELL : WHOLE,
  // The sandbox needs privileges that containers lack.
  args: ['--no-sandbox', network, ...devices],
  // Otherwise a shared tab's audio is missing.
  ignoreDefaultArgs: devices.includes(SHARES) ? ['--mute-audio'] : [],
});

/** The machine of a person. */
export const machines = {
  usual: [CAMERA, PATTERN, ALLOWED],
  // A full browser, with prompts that can be denied.
  'that asks': [CAMERA, PATTERN],
  // In its own processes, which can be stopped.
  'of their own': [CAMERA, PATTERN, ALLOWED],
  'with a dead microphone': [CAMERA, PATTERN, ALLOWED, `--use-file-for-fake-audio-capture=${silenceFile()}`],
  'of somebody who talks': [CAMERA, PATTERN, ALLOWED, `--use-file-for-fake-audio-capture=${voiceFile()}`],
  'with two cameras': [`${CAMERA}=device-count=2`, ALLOWED],
  'without devices': [ALLOWED],
  'that calls this one salon.test': [CAMERA, PATTERN, ALLOWED, '--host-resolver-rules=MAP salon.test 127.0.0.1'],
  'that shares small print': [CAMERA, PATTERN, SHARES],
  'with strict autoplay': [CAMERA, PATTERN, '--autoplay-policy=user-gesture-required'],
};

export const launchOptions = launchWith(machines.usual);
/** A browser as people have it, for measurements. */
export const measuredOptions = launchWith([CAMERA, pattern(15)]);

/** Granted to people who allow it. Everything else is denied. */
export const GRANTED = ['camera', 'microphone', 'clipboard-read', 'clipboard-write', 'screen-wake-lock'];
