import { defineConfig } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';

/** The tag of tests that measure time, or need most of the machine. */
const ALONE = /@alone/;
/** The tag of long forms of what a shorter test guards: only `make soak` runs them. */
const SOAK = /@soak/;

/** Long forms that are left out. A project's own patterns would replace those of all projects. */
const LEFT_OUT = process.env['SOAK'] ? [] : [SOAK];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results/failures',
  // People mostly wait for each other: two tests at once keep two cores busy.
  workers: 2,
  fullyParallel: true,
  // In this order: tests that run alone start when all others are done.
  projects: [
    { name: 'together', grepInvert: [ALONE, ...LEFT_OUT] },
    { name: 'alone', grep: ALONE, grepInvert: LEFT_OUT, workers: 1 },
  ],
  retries: 0,
  forbidOnly: !!process.env['CI'],
  // A busy machine takes its time; time limits under test have their own values.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./support/slowest.ts'], ...(process.env['CI'] ? [['github'] as const] : [])],
  use: { launchOptions, actionTimeout: 30_000, navigationTimeout: 30_000 },
});
